import { Clock, Duration, Effect, Layer, Option } from "effect"
import {
  Acme,
  type AcmeAccount,
  type AcmeError,
  type AcmeOperation,
  type AcmeOrderRequest,
  AcmeUnavailable
} from "../../services/certificate/Acme.ts"
import { acmeTransport, okOrProblem, unexpected } from "./AcmeTransport.ts"
import { alternates, endsAt, isChain } from "./chains.ts"
import { cachedDirectory } from "./directory.ts"
import { authorizationOf, locationOf, orderOf, renewalInfoOf } from "./resources.ts"
import { retryAfter } from "./retryAfter.ts"
import { clientFor, type ExternalAccount, type SignedRequest, sendSigned } from "./signedRequest.ts"

export interface AcmeClientOptions {
  readonly directoryUrl: string
  /** Contact address of the account. */
  readonly contactEmail: string
  /** Certificate profile requested in every order, which sets properties such as the lifetime. */
  readonly profile?: string | undefined
  /** External account binding, sent at registration. */
  readonly externalAccount?: ExternalAccount | undefined
  /** The common name of the preferred chain's root; if no chain matches, the CA's default is used. */
  readonly preferredChain?: string | undefined
  /** PEM. Trusted instead of the public roots for the CA's own TLS certificate. */
  readonly certificateAuthorities?: string | undefined
}

/** A call with rejected nonces makes dozens of requests; together they must leave time within a step of 30 s. */
const callTimeout = Duration.seconds(25)
/** Let's Encrypt offers one or two. */
const maxAlternates = 5

const bodyOf = (csr: string): string => {
  const base64 = csr.replaceAll(/-----[^-]+-----|\s/g, "")
  return Buffer.from(base64, "base64").toString("base64url")
}

/** The directory, and requests signed with an account key. */
const makeSession = (options: AcmeClientOptions) =>
  Effect.gen(function* () {
    const { directoryUrl } = options
    const transport = yield* acmeTransport(directoryUrl, options.certificateAuthorities)
    const directory = yield* cachedDirectory(transport, directoryUrl)
    const signed = (request: SignedRequest) =>
      Effect.flatMap(directory, (addresses) => sendSigned(transport, directoryUrl, addresses, request))
    const asAccount = (
      operation: AcmeOperation,
      { key, url: accountUrl }: AcmeAccount,
      url: string,
      payload?: object
    ) => signed({ operation, url, payload: payload ?? null, key, accountUrl })
    return { options, transport, directory, signed, asAccount }
  })

type AcmeSession = Effect.Effect.Success<ReturnType<typeof makeSession>>

const bounded = <A>(operation: AcmeOperation, call: Effect.Effect<A, AcmeError>): Effect.Effect<A, AcmeError> =>
  call.pipe(
    Effect.timeoutFail({
      duration: callTimeout,
      onTimeout: () => new AcmeUnavailable({ operation, reason: "timeout" })
    }),
    Effect.withSpan(`Acme.${operation}`)
  )

const register = ({ directory, options, signed }: AcmeSession, key: AcmeAccount["key"]) =>
  Effect.gen(function* () {
    const { newAccount } = yield* directory
    // An existing account returns 200 with its URL (RFC 8555 section 7.3.1): no update, no second request.
    const answer = yield* signed({
      operation: "new-account",
      url: newAccount,
      payload: { termsOfServiceAgreed: true, contact: [`mailto:${options.contactEmail}`] },
      key,
      externalAccount: options.externalAccount
    })
    return yield* locationOf("new-account", answer)
  })

const createOrder = (
  { asAccount, directory, options }: AcmeSession,
  account: AcmeAccount,
  { names, replaces }: AcmeOrderRequest
) =>
  Effect.gen(function* () {
    const { newOrder, renewalInfo } = yield* directory
    const answer = yield* asAccount("new-order", account, newOrder, {
      identifiers: names.map((value) => ({ type: "dns", value })),
      ...(options.profile !== undefined && { profile: options.profile }),
      // Only a CA that supports renewal information accepts `replaces`.
      ...(replaces !== undefined && renewalInfo !== undefined && { replaces })
    })
    return yield* orderOf("new-order", answer, undefined, yield* Clock.currentTimeMillis)
  })

const download = ({ asAccount }: AcmeSession, account: AcmeAccount, url: string) =>
  asAccount("certificate", account, url).pipe(
    Effect.filterOrElse(
      ({ text }) => isChain(text),
      (answer) => unexpected("certificate", answer)
    )
  )

const chain = (conversation: AcmeSession, account: AcmeAccount, url: string) =>
  Effect.gen(function* () {
    const standard = yield* download(conversation, account, url)
    const wanted = conversation.options.preferredChain
    if (wanted === undefined || endsAt(standard.text, wanted)) return standard.text
    for (const alternate of alternates(standard.headers.link).slice(0, maxAlternates)) {
      const { text } = yield* download(conversation, account, alternate)
      if (endsAt(text, wanted)) return text
    }
    return standard.text
  })

const renewalInfo = ({ directory, transport }: AcmeSession, certificateId: string) =>
  Effect.gen(function* () {
    const { renewalInfo } = yield* directory
    if (renewalInfo === undefined) return Option.none()
    const url = `${renewalInfo.replace(/\/$/, "")}/${certificateId}`
    const answer = yield* transport("renewal-info", { method: "GET", url })
    if (answer.status === 404) return Option.none()
    const info = yield* okOrProblem("renewal-info")(answer)
    return Option.some(yield* renewalInfoOf(info, yield* Clock.currentTimeMillis))
  })

/** Only HTTP-01 publishes the key authorization itself; other types publish a digest of it. */
const keyAuthorization = (directoryUrl: string, { key }: AcmeAccount, token: string) =>
  Effect.flatMap(clientFor(key, directoryUrl), (client) =>
    Effect.promise(() => client.getChallengeKeyAuthorization({ type: "http-01", token, url: "", status: "pending" }))
  )

const make = (options: AcmeClientOptions) =>
  Effect.map(makeSession(options), (ca) => {
    const { asAccount } = ca
    const at = <A>(read: (now: number) => Effect.Effect<A, AcmeError>) => Effect.flatMap(Clock.currentTimeMillis, read)
    return Acme.of({
      register: (key) => bounded("new-account", register(ca, key)),
      createOrder: (account, request) => bounded("new-order", createOrder(ca, account, request)),
      order: (account, url) =>
        bounded(
          "order",
          Effect.flatMap(asAccount("order", account, url), (answer) => at((now) => orderOf("order", answer, url, now)))
        ),
      authorization: (account, url) =>
        bounded(
          "authorization",
          Effect.flatMap(asAccount("authorization", account, url), (answer) =>
            at((now) => authorizationOf(answer, url, now))
          )
        ),
      keyAuthorization: (account, token) => keyAuthorization(options.directoryUrl, account, token),
      respondToChallenge: (account, url) =>
        bounded(
          "challenge",
          Effect.flatMap(asAccount("challenge", account, url, {}), ({ headers }) =>
            at((now) => Effect.succeed({ retryAfter: retryAfter(headers["retry-after"], now) }))
          )
        ),
      finalize: (account, { finalizeUrl, url }, csr) =>
        bounded(
          "finalize",
          Effect.flatMap(asAccount("finalize", account, finalizeUrl, { csr: bodyOf(csr) }), (answer) =>
            at((now) => orderOf("finalize", answer, url, now))
          )
        ),
      certificate: (account, { certificateUrl }) =>
        bounded(
          "certificate",
          certificateUrl === null
            ? new AcmeUnavailable({ operation: "certificate", reason: "unexpected-answer" })
            : chain(ca, account, certificateUrl)
        ),
      renewalInfo: (certificateId) => bounded("renewal-info", renewalInfo(ca, certificateId)),
      check: bounded("directory", Effect.asVoid(ca.directory))
    })
  })

/**
 * An RFC 8555 client on the low-level API of acme-client. Building the layer makes no request. Each request is limited to 8 s
 * and each call to 25 s. Layers share no state, so one process can use two CAs.
 */
export const AcmeClientLive = (options: AcmeClientOptions): Layer.Layer<Acme> => Layer.scoped(Acme, make(options))
