import { HttpClientRequest } from "@effect/platform"
import { Data, Effect, flow, Layer, Option, Redacted, Schema } from "effect"
import { withCheckedKeyrings } from "../../services/vault/Keyring.ts"
import { DecryptionRefused, Vault, VaultUnavailable } from "../../services/vault/Vault.ts"
import { unkeyVault } from "../outbound/bounds.ts"
import { type OutboundHttp, openOutbound } from "../outbound/OutboundHttp.ts"
import { sendTo } from "../outbound/sendTo.ts"
import { noAnswer, unavailableBy, unexpectedAnswer } from "./answers.ts"

export interface UnkeyVaultOptions {
  readonly url: string
  readonly token: Option.Option<Redacted.Redacted>
}

const Encrypted = Schema.Struct({ encrypted: Schema.String })
// Empty fields are omitted from responses.
const Decrypted = Schema.Struct({ plaintext: Schema.optionalWith(Schema.String, { default: () => "" }) })

/** Connect's errors have a code besides the status. The message is discarded. */
const ConnectError = Schema.parseJson(Schema.Struct({ code: Schema.String }))

/** The vault reports that the input is not a ciphertext of this keyring. */
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

/** One unary Connect call in JSON. Every failure becomes a VaultUnavailable or InvalidArgument, within the timeout. */
const callVault = <A, I>(send: OutboundHttp, { answer, body, method, operation }: Call<A, I>) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.post(`/vault.v1.VaultService/${method}`)
    const { status, text } = yield* send(HttpClientRequest.bodyUnsafeJson(request, body)).pipe(
      Effect.mapError(noAnswer(operation))
    )
    if (status !== 200) return yield* statusFailure(operation, status, text)
    return yield* Schema.decode(Schema.parseJson(answer))(text)
  }).pipe(
    // The cause contains the plaintext.
    Effect.catchTag("ParseError", () => unexpectedAnswer(operation))
  )

const notUnderstood = (operation: VaultUnavailable["operation"]) => (refused: InvalidArgument) =>
  new VaultUnavailable({ operation, reason: "unexpected-answer", status: refused.status })

const make = (options: UnkeyVaultOptions) =>
  Effect.map(openOutbound({ bounds: unkeyVault }), (outbound) => {
    const send: OutboundHttp = flow(
      HttpClientRequest.setHeader("connect-protocol-version", "1"),
      HttpClientRequest.acceptJson,
      sendTo(outbound, options.url, options.token)
    )
    return Vault.of(
      withCheckedKeyrings({
        encrypt: Effect.fn("Vault.encrypt")((keyring, plaintext) =>
          callVault(send, {
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
          callVault(send, {
            operation: "decrypt",
            method: "Decrypt",
            body: { keyring, encrypted },
            answer: Decrypted
          }).pipe(
            Effect.map(({ plaintext }) => Redacted.make(plaintext)),
            Effect.catchTag("InvalidArgument", () => new DecryptionRefused({ keyring }))
          )
        ),
        // The liveness endpoint needs no token. Invalid base64 is rejected before any key is fetched, but only after
        // authentication.
        check: callVault(send, {
          operation: "check",
          method: "Decrypt",
          body: { keyring: "check", encrypted: "-" },
          answer: Schema.Unknown
        }).pipe(
          Effect.catchTag("InvalidArgument", () => Effect.void),
          Effect.asVoid,
          Effect.withSpan("Vault.check")
        ),
        bindsPurpose: Effect.succeed(false)
      })
    )
  })

/**
 * Unkey's own vault, over Connect with JSON. Its ciphertexts are shared with the Go worker, krane and frontline; the protocol
 * has no field for a purpose.
 */
export const UnkeyVaultLive = (options: UnkeyVaultOptions): Layer.Layer<Vault> => Layer.scoped(Vault, make(options))
