import { createServer } from "node:http"
import { Headers, HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, type Duration, Effect, Layer, Option, Ref, Schema } from "effect"
import { TransitKeys } from "./vault/TransitKeys.ts"

/** A fault instead of a response. */
export type UnkeyVaultDisturbance =
  | { readonly status: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly after: Duration.DurationInput }

/** Simulates Unkey's vault over Connect with JSON, on a free port. Its ciphertexts are opaque, like the real ones. */
export class UnkeyVault extends Context.Tag("ctrl-worker/dev/UnkeyVault")<
  UnkeyVault,
  {
    readonly url: string
    readonly token: string
    /** Adds a data key to the keyring; older ones keep decrypting. */
    readonly rotate: (keyring: string) => Effect.Effect<void>
    /** Applies the fault to every request until called again. */
    readonly disturb: (disturbance: UnkeyVaultDisturbance | undefined) => Effect.Effect<void>
  }
>() {}

const Message = Schema.Struct({
  keyring: Schema.String,
  data: Schema.optionalWith(Schema.String, { default: () => "" }),
  encrypted: Schema.optionalWith(Schema.String, { default: () => "" })
})

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** Connect's error body with the code's HTTP status. */
const failure = (status: number, code: string, message: string) =>
  HttpServerResponse.unsafeJson({ code, message }, { status })

const encrypt = (keys: TransitKeys, { data, keyring }: typeof Message.Type) => {
  keys.create(keyring)
  const sealed = keys.encrypt(keyring, base64(data)) ?? ""
  return HttpServerResponse.unsafeJson({ encrypted: base64(sealed), keyId: `key_${sealed.split(":")[1] ?? ""}` })
}

const decrypt = (keys: TransitKeys, { encrypted, keyring }: typeof Message.Type) => {
  const opened = keys.decrypt(keyring, Buffer.from(encrypted, "base64").toString())
  return "refusal" in opened
    ? failure(400, "invalid_argument", `cannot decrypt ${encrypted}`)
    : HttpServerResponse.unsafeJson({ plaintext: Buffer.from(opened.plaintext, "base64").toString() })
}

const makeUnkeyVault = Effect.fnUntraced(function* (token: string) {
  const keys = new TransitKeys()
  const disturbance = yield* Ref.make<UnkeyVaultDisturbance | undefined>(undefined)

  const answer = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (Option.getOrUndefined(Headers.get(request.headers, "authorization")) !== `Bearer ${token}`)
      return failure(401, "unauthenticated", "bad token")
    const message = yield* Effect.orDie(HttpServerRequest.schemaBodyJson(Message))
    if (request.url === "/vault.v1.VaultService/Encrypt") return encrypt(keys, message)
    if (request.url === "/vault.v1.VaultService/Decrypt") return decrypt(keys, message)
    return HttpServerResponse.text("404 page not found", { status: 404 })
  })
  const app = Effect.flatMap(Ref.get(disturbance), (disturbed) => {
    if (disturbed === undefined) return answer
    return "after" in disturbed
      ? Effect.delay(answer, disturbed.after)
      : Effect.succeed(
          HttpServerResponse.text(disturbed.text, { status: disturbed.status, headers: disturbed.headers })
        )
  })
  yield* HttpServer.serveEffect(app)

  return UnkeyVault.of({
    url: yield* HttpServer.addressFormattedWith(Effect.succeed),
    token,
    rotate: (keyring) => Effect.sync(() => keys.rotate(keyring)),
    disturb: (next) => Ref.set(disturbance, next)
  })
})

/** A vault that accepts this token, until the layer's scope closes. */
export const unkeyVault = (token: string): Layer.Layer<UnkeyVault, HttpServerError.ServeError> =>
  Layer.scoped(UnkeyVault, makeUnkeyVault(token)).pipe(
    Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
  )
