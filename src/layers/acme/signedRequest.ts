import { createPrivateKey } from "node:crypto"
import type { Client } from "acme-client"
import { Effect, Either, Redacted, Runtime, Schema } from "effect"
import { type AcmeError, type AcmeOperation, AcmeProblem, AcmeUnavailable } from "../../services/certificate/Acme.ts"
import { okOrProblem, type Transport, unexpected } from "./AcmeTransport.ts"
import type { Directory } from "./directory.ts"
import type { AcmeRequest, AcmeResponse } from "./exchange.ts"

/** External account binding (RFC 8555 section 7.3.4): links the ACME account to an account of the CA. */
export interface ExternalAccount {
  readonly keyId: string
  /** Base64url, as issued by the CA. */
  readonly hmacKey: Redacted.Redacted
}

export interface SignedRequest {
  readonly operation: AcmeOperation
  readonly url: string
  /** Null is POST-as-GET (RFC 8555 section 6.3). */
  readonly payload: object | null
  readonly key: Redacted.Redacted
  /** The account URL. If absent, the request carries the public key instead, as for registration. */
  readonly accountUrl?: string
  readonly externalAccount?: ExternalAccount | undefined
}

/**
 * Each badNonce response carries a fresh nonce. A CA that rejects nine of ten nonces still accepts all but 2 of 1000 calls
 * within this many. Slow responses reach the call's limit of 25 s earlier.
 */
const maxBadNonces = 60

/** The parts of acme-client 5.4.0 that sign, bind and count nonces, which its types omit. */
interface SigningClient {
  directoryCache: Directory
  directoryTimestamp: number
  maxBadNonceRetries: number
  request: (url: string, method: string, options?: { readonly data?: object }) => Promise<AcmeResponse>
  readonly signedRequest: (
    url: string,
    payload: object | null,
    options: { readonly kid: string | null; readonly includeExternalAccountBinding: boolean }
  ) => Promise<AcmeResponse>
}

/** An unreadable key was damaged in storage: a defect, distinct from failures of the CA. */
const readable = (key: Redacted.Redacted): Effect.Effect<string> =>
  Effect.try(() => createPrivateKey(Redacted.value(key))).pipe(
    Effect.orDieWith(() => new TypeError("the account's key is not a private key in PEM")),
    Effect.as(Redacted.value(key))
  )

/** Loaded by the first request that is signed: with what it depends on it is a tenth of a worker's start. */
// In the bundle a CommonJS module that is loaded in this way has its default export only.
const library = Effect.promise(async () => (await import("acme-client")).default)

/** The client for one key. It only computes; the caller supplies the transport. */
export const clientFor = (
  key: Redacted.Redacted,
  directoryUrl: string,
  externalAccount?: ExternalAccount
): Effect.Effect<Client> =>
  Effect.zipWith(
    library,
    readable(key),
    ({ Client }, accountKey) =>
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

const BadNonce = Schema.Struct({ type: Schema.Literal("urn:ietf:params:acme:error:badNonce") })
/** A CA that sends Retry-After is not retried at once, even with a new nonce. */
const isBadNonce = ({ data, headers, status }: AcmeResponse): boolean =>
  status === 400 && headers["retry-after"] === undefined && Schema.is(BadNonce)(data)

/**
 * Signs a payload, sends it with a fresh nonce, and retries at most 60 times on badNonce. The transport replaces the client's
 * axios instance, which is shared by the process and sleeps between its own retries.
 */
export const sendSigned = (
  transport: Transport,
  directoryUrl: string,
  directory: Directory,
  signed: SignedRequest
): Effect.Effect<AcmeResponse, AcmeError> =>
  Effect.gen(function* () {
    const { accountUrl = null, externalAccount, operation, payload, url } = signed
    const client = yield* clientFor(signed.key, directoryUrl, externalAccount)
    // The types declare only the high-level API. The version is pinned, and every test of this layer uses this code.
    const { http } = client as unknown as { readonly http: SigningClient }
    http.directoryCache = directory
    http.directoryTimestamp = Number.POSITIVE_INFINITY
    http.maxBadNonceRetries = maxBadNonces

    const seen: { last?: AcmeResponse } = {}
    const send = (request: AcmeRequest) =>
      Effect.flatMap(transport(operation, request), (answer) => {
        seen.last = answer
        return isBadNonce(answer) ? Effect.succeed(answer) : okOrProblem(operation)(answer)
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
        // acme-client's own error: a response without a nonce.
        return seen.last === undefined
          ? new AcmeUnavailable({ operation, reason: "unexpected-answer" })
          : unexpected(operation, seen.last)
      })
    )
    return isBadNonce(answer)
      ? yield* new AcmeUnavailable({ operation, reason: "unavailable", status: answer.status })
      : answer
  })
