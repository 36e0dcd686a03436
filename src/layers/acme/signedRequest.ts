import { createPrivateKey } from "node:crypto"
import { Client } from "acme-client"
import { Effect, Either, Redacted, Runtime, Schema } from "effect"
import { type AcmeError, type AcmeOperation, AcmeProblem, AcmeUnavailable } from "../../services/Acme.ts"
import { accepted, type Transport, unexpected } from "./AcmeTransport.ts"
import type { Directory } from "./directory.ts"
import type { Answer, Request } from "./exchange.ts"

/** RFC 8555 section 7.3.4: how an account of the CA's shop vouches for a new ACME account. */
export interface ExternalAccount {
  readonly keyId: string
  /** Base64url, as the CA hands it out. */
  readonly hmacKey: Redacted.Redacted
}

export interface SignedRequest {
  readonly operation: AcmeOperation
  readonly url: string
  /** Null is POST-as-GET (RFC 8555 section 6.3). */
  readonly payload: object | null
  readonly key: Redacted.Redacted
  /** The account's URL; absent, the request carries the public key instead, as registration must. */
  readonly accountUrl?: string
  readonly externalAccount?: ExternalAccount | undefined
}

/**
 * With each refused nonce comes a fresh one, so this many are refused only by a CA that is not well: one that refuses nine of
 * ten still takes all but 2 of 1000 calls. The call's own bound of 25 s ends it earlier where answers are slow.
 */
const mostRefusedNonces = 60

/** The half of acme-client 5.4.0 that signs, binds and counts nonces, of which its types say nothing. */
interface SigningHalf {
  directoryCache: Directory
  directoryTimestamp: number
  maxBadNonceRetries: number
  request: (url: string, method: string, options?: { readonly data?: object }) => Promise<Answer>
  readonly signedRequest: (
    url: string,
    payload: object | null,
    options: { readonly kid: string | null; readonly includeExternalAccountBinding: boolean }
  ) => Promise<Answer>
}

/** A key that cannot be read was damaged where it is stored: a defect, told apart here from any trouble with the CA. */
const readable = (key: Redacted.Redacted): Effect.Effect<string> =>
  Effect.try(() => createPrivateKey(Redacted.value(key))).pipe(
    Effect.orDieWith(() => new TypeError("the account's key is not a private key in PEM")),
    Effect.as(Redacted.value(key))
  )

/** The client for one key. It computes only: nothing is sent before somebody gives it a way to. */
export const clientFor = (
  key: Redacted.Redacted,
  directoryUrl: string,
  externalAccount?: ExternalAccount
): Effect.Effect<Client> =>
  Effect.map(
    readable(key),
    (accountKey) =>
      new Client({
        accountKey,
        directoryUrl,
        ...(externalAccount !== undefined && {
          externalAccountBinding: {
            kid: externalAccount.keyId,
            hmacKey: Redacted.value(externalAccount.hmacKey)
          }
        })
      })
  )

const RefusedNonce = Schema.Struct({ type: Schema.Literal("urn:ietf:params:acme:error:badNonce") })
/** A CA that names a time is not asked again at once, not even with another nonce. */
const isRefusedNonce = ({ data, headers, status }: Answer): boolean =>
  status === 400 && headers["retry-after"] === undefined && Schema.is(RefusedNonce)(data)

/**
 * Signs a payload and sends it with a fresh nonce, and again while the CA refuses the nonce: at most 61 times.
 * The client's own way to send, an instance of axios that everyone in the process shares and that sleeps between retries
 * of its own, is replaced by the transport.
 */
export const sendSigned = (
  transport: Transport,
  directoryUrl: string,
  directory: Directory,
  signed: SignedRequest
): Effect.Effect<Answer, AcmeError> =>
  Effect.gen(function* () {
    const { accountUrl = null, externalAccount, operation, payload, url } = signed
    const client = yield* clientFor(signed.key, directoryUrl, externalAccount)
    // The types declare the convenient half only; the version is pinned, and every test of this layer passes through here.
    const { http } = client as unknown as { readonly http: SigningHalf }
    http.directoryCache = directory
    http.directoryTimestamp = Number.POSITIVE_INFINITY
    http.maxBadNonceRetries = mostRefusedNonces

    const seen: { last?: Answer } = {}
    const send = (request: Request) =>
      Effect.flatMap(transport(operation, request), (answer) => {
        seen.last = answer
        return isRefusedNonce(answer) ? Effect.succeed(answer) : accepted(operation)(answer)
      })
    const runtime = yield* Effect.runtime<never>()
    const answer = yield* Effect.tryPromise({
      try: (signal) => {
        http.request = (target, method, options) =>
          Runtime.runPromise(runtime)(
            Effect.either(send({ url: target, method: method === "head" ? "HEAD" : "POST", body: options?.data })),
            { signal }
          ).then(Either.getOrThrowWith((failure) => failure))
        return http.signedRequest(url, payload, {
          kid: accountUrl,
          includeExternalAccountBinding: externalAccount !== undefined
        })
      },
      catch: (thrown) => (thrown instanceof AcmeProblem || thrown instanceof AcmeUnavailable ? thrown : null)
    }).pipe(
      Effect.catchAll((failure): Effect.Effect<never, AcmeError> => {
        if (failure !== null) return Effect.fail(failure)
        // The client's own complaint: an answer without a nonce.
        return seen.last === undefined
          ? new AcmeUnavailable({ operation, reason: "unexpected-answer" })
          : unexpected(operation, seen.last)
      })
    )
    return isRefusedNonce(answer)
      ? yield* new AcmeUnavailable({ operation, reason: "unavailable", status: answer.status })
      : answer
  })
