import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Data, Duration, Effect, flow, Layer, Option, Redacted, Schema } from "effect"
import { withCheckedKeyrings } from "../../services/Keyring.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../services/Vault.ts"
import { unavailableBy, unexpectedAnswer } from "./answers.ts"

export interface UnkeyVaultOptions {
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted>
}

/** It keeps its data keys in S3 and may have to fetch one. */
const requestTimeout = Duration.seconds(10)

const Encrypted = Schema.Struct({ encrypted: Schema.String })
// Whatever is empty is left out of an answer.
const Decrypted = Schema.Struct({ plaintext: Schema.optionalWith(Schema.String, { default: () => "" }) })

/** Connect's errors: a code beside the status that it stands for. The message is left behind. */
const ConnectError = Schema.parseJson(Schema.Struct({ code: Schema.String }))

/** The vault's own word that what it was given is no ciphertext of this keyring. */
class InvalidArgument extends Data.TaggedError("InvalidArgument")<{ readonly status: number }> {}

interface Call<A, I> {
  readonly operation: VaultUnavailable["operation"]
  readonly method: "Encrypt" | "Decrypt"
  readonly body: Readonly<Record<string, string>>
  readonly answer: Schema.Schema<A, I>
}

const statusFailure = (operation: VaultUnavailable["operation"], status: number, text: string) => {
  const code = Option.map(Schema.decodeOption(ConnectError)(text), (error) => error.code)
  return Option.contains(code, "invalid_argument") ? new InvalidArgument({ status }) : unavailableBy(operation, status)
}

/** One unary call in Connect's JSON: every way it can fail becomes the service's error, within the timeout. */
const callVault = <A, I>(client: HttpClient.HttpClient, { answer, body, method, operation }: Call<A, I>) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.post(`/vault.v1.VaultService/${method}`)
    const response = yield* client.execute(HttpClientRequest.bodyUnsafeJson(request, body))
    const text = yield* response.text
    if (response.status !== 200) return yield* statusFailure(operation, response.status, text)
    return yield* Schema.decode(Schema.parseJson(answer))(text)
  }).pipe(
    // None of these causes is kept: they hold the request, with the token and the plaintext.
    Effect.catchTags({
      ParseError: () => unexpectedAnswer(operation),
      RequestError: () => new VaultUnavailable({ operation, reason: "unreachable" }),
      ResponseError: () => new VaultUnavailable({ operation, reason: "unreachable" })
    }),
    Effect.timeoutFail({
      duration: requestTimeout,
      onTimeout: () => new VaultUnavailable({ operation, reason: "timeout" })
    })
  )

const notUnderstood = (operation: VaultUnavailable["operation"]) => (refused: InvalidArgument) =>
  new VaultUnavailable({ operation, reason: "unexpected-answer", status: refused.status })

const make = (options: UnkeyVaultOptions) =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const authorize = Option.match(options.token, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (token) => HttpClientRequest.bearerToken(token)
    })
    const client = http.pipe(
      HttpClient.mapRequest(
        flow(
          HttpClientRequest.prependUrl(options.url.replace(/\/+$/, "")),
          HttpClientRequest.setHeader("connect-protocol-version", "1"),
          HttpClientRequest.acceptJson,
          authorize
        )
      ),
      HttpClient.withTracerDisabledWhen(() => true)
    )
    return Vault.of(
      withCheckedKeyrings({
        encrypt: Effect.fn("Vault.encrypt")((keyring, plaintext) =>
          callVault(client, {
            operation: "encrypt",
            method: "Encrypt",
            body: { keyring, data: Redacted.value(plaintext) },
            answer: Encrypted
          }).pipe(
            Effect.map(({ encrypted }) => encrypted),
            Effect.catchTag("InvalidArgument", notUnderstood("encrypt"))
          )
        ),
        decrypt: Effect.fn("Vault.decrypt")((keyring, encrypted) =>
          callVault(client, {
            operation: "decrypt",
            method: "Decrypt",
            body: { keyring, encrypted },
            answer: Decrypted
          }).pipe(
            Effect.map(({ plaintext }) => Redacted.make(plaintext)),
            Effect.catchTag("InvalidArgument", () => new DecryptionRefused({ keyring }))
          )
        ),
        // Its own liveness asks for no token. What is not even base64 is refused before any key is fetched, but only to whom it trusts.
        check: callVault(client, {
          operation: "check",
          method: "Decrypt",
          body: { keyring: "check", encrypted: "-" },
          answer: Schema.Unknown
        }).pipe(
          Effect.catchTag("InvalidArgument", () => Effect.void),
          Effect.asVoid,
          Effect.withSpan("Vault.check")
        )
      })
    )
  })

/** A redirect would take the token and the plaintext elsewhere; it is answered like any other strange status. */
const DirectFetch = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

/** Unkey's own vault, over Connect with JSON. Ciphertexts are the ones that the Go worker, krane and frontline read and write. */
export const UnkeyVaultLive = (options: UnkeyVaultOptions): Layer.Layer<Vault> =>
  Layer.effect(Vault, make(options)).pipe(Layer.provide(DirectFetch))
