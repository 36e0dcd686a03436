import { createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { Headers, HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Clock, Context, type Duration, Effect, Layer, Option, Ref } from "effect"
import { type VaultAnswer, type VaultRequest, VaultState } from "./vault/VaultState.ts"
import type { TokenOptions } from "./vault/VaultTokens.ts"

export interface VaultServerOptions {
  /** Where the transit engine is. Default `transit`. */
  readonly mount?: string
  /** A token that is known beforehand and does not end. Default: there is none. */
  readonly rootToken?: string
  /** Speaks HTTPS with this certificate; both are PEM. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** What happens instead of an answer. */
export type Disturbance =
  | { readonly answer: VaultAnswer; readonly headers?: Readonly<Record<string, string>> }
  | { readonly after: Duration.DurationInput }

/**
 * Plays HashiCorp Vault or OpenBao: the parts of their HTTP API that a worker uses, with real encryption, on a free port.
 * Tokens end by the clock of whoever builds it. Everything is forgotten with it.
 */
export class VaultServer extends Context.Tag("ctrl-worker/dev/VaultServer")<
  VaultServer,
  {
    readonly url: string
    /** Every request so far, the way it came. */
    readonly requests: Effect.Effect<ReadonlyArray<VaultRequest>>
    readonly createToken: (options: TokenOptions) => Effect.Effect<string>
    readonly revokeTokens: Effect.Effect<void>
    /** How many tokens were given since the last revocation. */
    readonly tokens: Effect.Effect<number>
    readonly allowAppRole: (
      token: TokenOptions,
      mount?: string
    ) => Effect.Effect<{ readonly roleId: string; readonly secretId: string }>
    readonly allowServiceAccount: (
      account: { readonly role: string; readonly jwt: string; readonly mount?: string },
      token: TokenOptions
    ) => Effect.Effect<void>
    readonly seal: Effect.Effect<void>
    readonly unseal: Effect.Effect<void>
    readonly rotate: (key: string, namespace?: string) => Effect.Effect<void>
    /** Ciphertexts of all but the latest version of the key are refused from now on. */
    readonly retireOlderVersions: (key: string) => Effect.Effect<void>
    readonly disableUpsert: Effect.Effect<void>
    /** Whether it is a Vault before 1.13, which does not know associated data; a newer one at first. */
    readonly ignoreAssociatedData: (ignored: boolean) => Effect.Effect<void>
    /** No token may do anything below this path from now on. */
    readonly forbid: (path: string) => Effect.Effect<void>
    /** Decides for each request whether it is disturbed, until `disturb` is called again. */
    readonly disturb: (rule: (request: VaultRequest) => Disturbance | undefined) => Effect.Effect<void>
  }
>() {}

const readRequest = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const header = (name: string) => Option.getOrUndefined(Headers.get(request.headers, name))
  const text = yield* request.text
  return {
    method: request.method,
    path: request.url.replace(/^\/v1\//, ""),
    namespace: header("x-vault-namespace") ?? "",
    token: header("x-vault-token"),
    body: text === "" ? {} : JSON.parse(text)
  } satisfies VaultRequest
})

const makeVaultServer = Effect.fnUntraced(function* (options: VaultServerOptions) {
  const state = new VaultState(options.mount ?? "transit")
  if (options.rootToken !== undefined) state.tokens.trust(options.rootToken)
  const received = yield* Ref.make<ReadonlyArray<VaultRequest>>([])
  const rule = yield* Ref.make<(request: VaultRequest) => Disturbance | undefined>(() => undefined)

  const app = Effect.gen(function* () {
    const request = yield* readRequest
    yield* Ref.update(received, (all) => [...all, request])
    const disturbance = (yield* Ref.get(rule))(request)
    if (disturbance !== undefined && "after" in disturbance) yield* Effect.sleep(disturbance.after)
    const scripted = disturbance !== undefined && "answer" in disturbance ? disturbance : undefined
    const { json, status } = scripted?.answer ?? state.answer(request, yield* Clock.currentTimeMillis)
    return HttpServerResponse.unsafeJson(json, { status, headers: scripted?.headers })
  })
  yield* HttpServer.serveEffect(app)

  return VaultServer.of({
    url: yield* HttpServer.addressFormattedWith((address) =>
      Effect.succeed(options.tls === undefined ? address : address.replace(/^http:/, "https:"))
    ),
    requests: Ref.get(received),
    createToken: (token) => Effect.map(Clock.currentTimeMillis, (now) => state.tokens.create(token, now)),
    revokeTokens: Effect.sync(() => state.tokens.revokeAll()),
    tokens: Effect.sync(() => state.tokens.size),
    allowAppRole: (token, mount = "approle") => Effect.sync(() => state.allowAppRole(mount, token)),
    allowServiceAccount: ({ jwt, mount = "kubernetes", role }, token) =>
      Effect.sync(() => state.allowServiceAccount(mount, role, jwt, token)),
    seal: Effect.sync(() => {
      state.sealed = true
    }),
    unseal: Effect.sync(() => {
      state.sealed = false
    }),
    rotate: (key, namespace = "") => Effect.sync(() => state.keys(namespace).rotate(key)),
    retireOlderVersions: (key) => Effect.sync(() => state.keys("").retireOlderVersions(key)),
    disableUpsert: Effect.sync(() => {
      state.upsertDisabled = true
    }),
    ignoreAssociatedData: (ignored) =>
      Effect.sync(() => {
        state.ignoresAssociatedData = ignored
      }),
    forbid: (path) =>
      Effect.sync(() => {
        state.forbidden = path
      }),
    disturb: (next) => Ref.set(rule, next)
  })
})

/** A Vault of its own, until the layer's scope closes. */
export const vaultServer = (options: VaultServerOptions = {}): Layer.Layer<VaultServer, HttpServerError.ServeError> => {
  const { tls } = options
  const listen = NodeHttpServer.layer(() => (tls === undefined ? createServer() : createTlsServer(tls)), {
    port: 0,
    host: "127.0.0.1"
  })
  return Layer.scoped(VaultServer, makeVaultServer(options)).pipe(Layer.provide(listen))
}
