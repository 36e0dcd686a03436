import { generateKeyPairSync, sign } from "node:crypto"
import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js"
import { Effect, Exit, Redacted, Runtime } from "effect"
import { canonicalHost } from "../../../names/imageReference.ts"
import type { RegistryUnavailable } from "../../../services/builds/ImageRegistry.ts"
import type { RegistryAccess, RegistryToken } from "../registryAccess.ts"

/** Registry access of a build: push to one repository. */
export interface SessionRegistry {
  readonly host: string
  /** The path of the build's repository at that host. */
  readonly repository: string
  readonly access: RegistryAccess["_tag"]
  readonly username: string
  readonly password: Redacted.Redacted
  /** Fetches a token from the registry's token server, with credentials or anonymously. */
  readonly fetchToken: (
    scopes: ReadonlyArray<string>,
    as: "pusher" | "anonymous"
  ) => Effect.Effect<RegistryToken, RegistryUnavailable>
}

export interface TokenRequest {
  readonly host: string
  readonly scopes: ReadonlyArray<string>
}

/** How to respond to the daemon's token request. */
export type TokenDecision =
  | { readonly _tag: "Refuse" }
  | { readonly _tag: "Fetch"; readonly scopes: ReadonlyArray<string>; readonly as: "pusher" | "anonymous" }

/** Total length of scopes in one URL of the token server. */
const maxScopes = 2_000

/**
 * A push to the build's own repository gets a token for that repository alone, whatever else is requested with it. All other
 * reads are anonymous: of other repositories, and of the own one without a push, because a build has nothing to read there. So
 * a redirect from another registry gains no access, even if the token server grants more than was requested.
 */
export const decideToken = (
  { host, repository }: Pick<SessionRegistry, "host" | "repository">,
  asked: TokenRequest
): TokenDecision => {
  const scopes = asked.scopes.flatMap((scope) => scope.split(" ")).filter((scope) => scope !== "")
  if (canonicalHost(asked.host) !== canonicalHost(host) || scopes.join().length > maxScopes) return { _tag: "Refuse" }
  const own = `repository:${repository}:`
  const isPush = scopes.some((scope) => scope.startsWith(own) && scope.slice(own.length).split(",").includes("push"))
  return isPush
    ? { _tag: "Fetch", scopes: [`${own}pull,push`], as: "pusher" }
    : { _tag: "Fetch", scopes, as: "anonymous" }
}

type Unary<Request, Response> = (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>) => void

interface Credentials {
  readonly username: string
  readonly secret: string
}

interface TokenAnswer {
  readonly token: string
  readonly expiresIn: number
  readonly issuedAt: number
}

const anonymous: Credentials = { username: "", secret: "" }

/** Only a registry without token authentication gets the password. */
const credentials =
  (offer: SessionRegistry): Unary<{ readonly host: string }, Credentials> =>
  ({ request }, answer) => {
    const isOurs = canonicalHost(request.host) === canonicalHost(offer.host)
    if (!isOurs || offer.access !== "Passwords") return answer(null, anonymous)
    answer(null, { username: offer.username, secret: Redacted.value(offer.password) })
  }

const codeOf = ({ reason }: RegistryUnavailable): status =>
  reason === "denied" || reason === "unexpected-answer" ? status.UNAUTHENTICATED : status.UNAVAILABLE

const fetchToken =
  (offer: SessionRegistry, runtime: Runtime.Runtime<never>): Unary<TokenRequest, TokenAnswer> =>
  (call, answer) => {
    const decision = decideToken(offer, call.request)
    if (decision._tag === "Refuse") return answer({ code: status.PERMISSION_DENIED, details: "no token for that" })
    const cancel = Runtime.runCallback(runtime)(Effect.either(offer.fetchToken(decision.scopes, decision.as)), {
      onExit: Exit.match({
        onFailure: () => answer({ code: status.UNAVAILABLE, details: "the token was not fetched" }),
        onSuccess: (fetched) =>
          fetched._tag === "Left"
            ? answer({ code: codeOf(fetched.left), details: fetched.left.message })
            : answer(null, {
                token: Redacted.value(fetched.right.token),
                expiresIn: fetched.right.expiresInSeconds,
                // Zero means "now" to BuildKit, which avoids clock skew.
                issuedAt: 0
              })
      })
    })
    call.on("cancelled", () => cancel())
  }

/** The last 32 bytes of Node's DER are the key itself (RFC 8410, section 4). */
const rawLength = 32

/**
 * Handlers of BuildKit's `Auth` service. The daemon identifies a session by an Ed25519 key and requests each token with it. The
 * key is new per session, so a session never gets another one's tokens.
 */
export const authHandlers = (offer: SessionRegistry, runtime: Runtime.Runtime<never>) => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-rawLength)
  const hasTokens = (host: string) => offer.access === "Tokens" && canonicalHost(host) === canonicalHost(offer.host)
  /** UNAVAILABLE makes the daemon ask for credentials instead, and it gets none. */
  const noAuthority = { code: status.UNAVAILABLE, details: "no tokens for that registry" }

  const getTokenAuthority: Unary<{ readonly host: string }, { readonly publicKey: Buffer }> = ({ request }, answer) =>
    hasTokens(request.host) ? answer(null, { publicKey: raw }) : answer(noAuthority)

  // NaCl's `sign` format: the signature followed by the message.
  const verifyTokenAuthority: Unary<
    { readonly host: string; readonly payload: Buffer },
    { readonly signed: Buffer }
  > = ({ request }, answer) =>
    hasTokens(request.host)
      ? answer(null, { signed: Buffer.concat([sign(null, request.payload, privateKey), request.payload]) })
      : answer(noAuthority)

  return {
    Credentials: credentials(offer),
    FetchToken: fetchToken(offer, runtime),
    GetTokenAuthority: getTokenAuthority,
    VerifyTokenAuthority: verifyTokenAuthority
  }
}
