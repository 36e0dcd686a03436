import { Cache, Clock, Data, Duration, Effect, Either, Exit, Redacted, Schema } from "effect"
import githubAppJwt from "universal-github-app-jwt"
import { type GitHubError, GitHubRefused, GitHubUnavailable } from "../../services/GitHub.ts"
import { decideRefusedToken } from "./decideRefusedToken.ts"
import { bearer, type CallGitHub } from "./GitHubApi.ts"

/** A GitHub App as whoever registered it knows it. */
export interface GitHubApp {
  readonly appId: number
  /** PEM, PKCS#1 or PKCS#8; quotes around it and `\n` written out are how environments spoil it. */
  readonly privateKeyPem: Redacted.Redacted
}

/** What a token may do: read what is built, or say how a deployment is doing. */
export type Permission = "contents" | "deployments"

const permissions = { contents: { contents: "read" }, deployments: { deployments: "write" } } as const

const TokenAnswer = Schema.Struct({
  token: Schema.String,
  expires_at: Schema.DateFromString,
  // What the token may use; GitHub leaves it out where that is everything of the installation.
  repositories: Schema.optional(Schema.Array(Schema.Struct({ full_name: Schema.String })))
})

/** Nobody is given a token that ends while it is used. */
const reserve = Duration.minutes(5)
const maxTokens = 10_000

/** GitHub refuses a token from the future, so ours is from a minute ago; the library takes off half of that by itself. */
const backdatedSeconds = 30

const cleanPem = (pem: string): string =>
  pem
    .trim()
    .replace(/^["']|["']$/g, "")
    .replaceAll("\\n", "\n")

export const appToken = ({ appId, privateKeyPem }: GitHubApp) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.tryPromise({
      try: () =>
        githubAppJwt({
          id: appId,
          privateKey: cleanPem(Redacted.value(privateKeyPem)),
          now: Math.floor(now / 1000) - backdatedSeconds
        }),
      // The cause could quote the key.
      catch: () =>
        new GitHubRefused({ operation: "installation-token", subject: `app ${appId}`, reason: "not_configured" })
    })
  )

interface IssuedToken {
  readonly token: Redacted.Redacted
  readonly lifetime: Duration.Duration
  /** Unix milliseconds of our clock. */
  readonly issuedAt: number
  readonly isReplacement: boolean
  /** GitHub has taken it. */
  isProven: boolean
}

/** What one token is for. `repository` is `owner/name`. */
export interface TokenScope {
  readonly installationId: bigint
  readonly repository: string
  readonly permission: Permission
}

/** GitHub's names differ by more than case. */
const sameName = (repository: string): string => repository.toLowerCase()

/** Equal for equal scopes, as keys of the cache have to be. */
const keyOf = ({ installationId, permission, repository }: TokenScope) =>
  Data.struct({ installationId, permission, repository: sameName(repository) })

/**
 * GitHub takes the name of a repository without its owner, so the name of another account's repository could stand for one of
 * the installation's. The answer has the full names.
 */
const isFor = (repository: string, { repositories = [] }: typeof TokenAnswer.Type): boolean =>
  repositories.length === 1 && repositories.every(({ full_name }) => sameName(full_name) === sameName(repository))

const issue = (api: CallGitHub, app: GitHubApp, isReplacement: boolean) => (scope: TokenScope) =>
  Effect.gen(function* () {
    const { installationId, permission, repository } = scope
    const subject = `repository ${repository} of installation ${installationId}`
    const { token: jwt } = yield* appToken(app)
    const { at, data } = yield* api({
      operation: "installation-token",
      subject,
      route: "POST /app/installations/{installation_id}/access_tokens",
      parameters: {
        installation_id: String(installationId),
        repositories: [repository.slice(repository.indexOf("/") + 1)],
        permissions: permissions[permission]
      },
      authorization: bearer(jwt),
      answer: TokenAnswer
    })
    if (!isFor(repository, data)) {
      return yield* new GitHubRefused({ operation: "installation-token", subject, reason: "denied" })
    }
    const issuedAt = yield* Clock.currentTimeMillis
    // Both times are GitHub's, so that our clock may be as wrong as it likes.
    const lifetime = Duration.subtract(Duration.millis(data.expires_at.getTime() - (at ?? issuedAt)), reserve)
    const issued: IssuedToken = {
      token: Redacted.make(data.token),
      lifetime,
      issuedAt,
      isReplacement,
      isProven: false
    }
    return issued
  })

/** What a token is used for, and which of its errors are GitHub's no to the token. Run again with a replacement. */
export interface TokenUse<A, E> {
  readonly use: (token: Redacted.Redacted) => Effect.Effect<A, E>
  readonly isRefusal: (error: E) => boolean
}

/** Uses a token of the scope, and decides what becomes of it when it is refused. */
export type InstallationTokens = <A, E>(scope: TokenScope, use: TokenUse<A, E>) => Effect.Effect<A, E | GitHubError>

/**
 * Tokens of one repository and one permission each: a build hands its token to whatever the repository's Dockerfile runs.
 * Asked for once and used until shortly before they expire, however often one is refused within its first minute: two at
 * most until then, unless one that was taken is refused later. Failures are not kept.
 */
export const installationTokens = (api: CallGitHub, app: GitHubApp): Effect.Effect<InstallationTokens> =>
  Effect.gen(function* () {
    const cache = yield* Cache.makeWith<TokenScope, IssuedToken, GitHubError>({
      capacity: maxTokens,
      lookup: issue(api, app, false),
      timeToLive: Exit.match({ onFailure: () => Duration.zero, onSuccess: ({ lifetime }) => lifetime })
    })
    const oneAtATime = yield* Effect.makeSemaphore(1)

    /** Of several callers whose token is refused at once, the first replaces it for all. */
    const replace = (scope: TokenScope, refused: IssuedToken) =>
      oneAtATime.withPermits(1)(
        Effect.gen(function* () {
          if ((yield* cache.get(keyOf(scope))) !== refused) return
          yield* cache.set(keyOf(scope), yield* issue(api, app, true)(scope))
        })
      )

    const attempt = <A, E>(
      scope: TokenScope,
      given: TokenUse<A, E>,
      isAgain: boolean
    ): Effect.Effect<A, E | GitHubError> =>
      Effect.gen(function* () {
        // Several callers wait for one request: none of them takes it along when it goes away.
        const issued = yield* Effect.disconnect(Effect.uninterruptible(cache.get(keyOf(scope))))
        const used = yield* Effect.either(given.use(issued.token))
        if (Either.isRight(used)) {
          issued.isProven = true
          return used.right
        }
        if (!given.isRefusal(used.left)) return yield* Effect.fail(used.left)
        const ageMillis = (yield* Clock.currentTimeMillis) - issued.issuedAt
        const decision = decideRefusedToken({ ...issued, ageMillis })
        if (decision === "keep") {
          return yield* new GitHubUnavailable({ operation: "installation-token", reason: "token_too_young" })
        }
        if (decision === "refuse" || isAgain) return yield* Effect.fail(used.left)
        yield* replace(scope, issued)
        return yield* attempt(scope, given, true)
      })

    return (scope, given) => attempt(scope, given, false)
  })
