import { createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { Headers, HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Clock, Context, type Duration, Effect, Layer, Option, Ref } from "effect"
import { type VaultAnswer, type VaultRequest, VaultState } from "./vault/VaultState.ts"
import type { TokenOptions } from "./vault/VaultTokens.ts"

export interface VaultServerOptions {
  /** Mount path of the transit engine. Default `transit`. */
  readonly mount?: string
  /** A predefined token that does not expire. Default: none. */
  readonly rootToken?: string
  /** Serves HTTPS with this certificate and key, in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** A fault instead of a response. */
export type Disturbance =
  | { readonly answer: VaultAnswer; readonly headers?: Readonly<Record<string, string>> }
  | { readonly after: Duration.DurationInput }

/**
 * Simulates HashiCorp Vault or OpenBao: the used parts of their HTTP API, with real encryption, on a free port. Tokens expire
 * by the Clock of the layer's builder. State is in memory.
 */
export class VaultServer extends Context.Tag("ctrl-worker/dev/VaultServer")<
  VaultServer,
  {
    readonly url: string
    /** All requests so far. */
    readonly requests: Effect.Effect<ReadonlyArray<VaultRequest>>
    readonly createToken: (options: TokenOptions) => Effect.Effect<string>
    readonly revokeTokens: Effect.Effect<void>
    /** Tokens issued since the last revocation. */
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
    /** Rejects ciphertexts of all but the latest key version from now on. */
    readonly retireOlderVersions: (key: string) => Effect.Effect<void>
    readonly disableUpsert: Effect.Effect<void>
    /** Whether to simulate a Vault before 1.13, which ignores associated data. Default false. */
    readonly ignoreAssociatedData: (ignored: boolean) => Effect.Effect<void>
    /** Denies all tokens access below this path from now on. */
    readonly forbid: (path: string) => Effect.Effect<void>
    /** Decides on a fault for each request, until called again. */
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

/** A Vault, until the layer's scope closes. */
export const vaultServer = (options: VaultServerOptions = {}): Layer.Layer<VaultServer, HttpServerError.ServeError> => {
  const { tls } = options
  const listen = NodeHttpServer.layer(() => (tls === undefined ? createServer() : createTlsServer(tls)), {
    port: 0,
    host: "127.0.0.1"
  })
  return Layer.scoped(VaultServer, makeVaultServer(options)).pipe(Layer.provide(listen))
}
