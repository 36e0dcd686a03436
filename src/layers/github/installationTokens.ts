import { Cache, Clock, Data, Duration, Effect, Either, Exit, Redacted, Schema } from "effect"
import githubAppJwt from "universal-github-app-jwt"
import { type GitHubError, GitHubRefused, GitHubUnavailable } from "../../services/builds/GitHub.ts"
import { decideRefusedToken } from "./decideRefusedToken.ts"
import { bearer, type CallGitHub } from "./GitHubApi.ts"

/** Credentials of a GitHub App. */
export interface GitHubApp {
  readonly appId: number
  /** PEM, PKCS#1 or PKCS#8. Accepts surrounding quotes and literal `\n`, which environment variables often add. */
  readonly privateKeyPem: Redacted.Redacted
}

/** Permission of a token: read contents, or write deployment statuses. */
export type Permission = "contents" | "deployments"

const permissions = { contents: { contents: "read" }, deployments: { deployments: "write" } } as const

const TokenAnswer = Schema.Struct({
  token: Schema.String,
  expires_at: Schema.DateFromString,
  // Repositories of the token; GitHub omits the field if the token covers the whole installation.
  repositories: Schema.optional(Schema.Array(Schema.Struct({ full_name: Schema.String })))
})

/** Minimum remaining validity of an issued token. */
const reserve = Duration.minutes(5)
const maxTokens = 10_000

/** GitHub rejects a JWT from the future, so ours is backdated by a minute; the library itself subtracts 30 s. */
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
      // The cause may quote the key.
      catch: () =>
        new GitHubRefused({ operation: "installation-token", subject: `app ${appId}`, reason: "not_configured" })
    })
  )

interface IssuedToken {
  readonly token: Redacted.Redacted
  readonly lifetime: Duration.Duration
  /** Unix milliseconds of the local clock. */
  readonly issuedAt: number
  readonly isReplacement: boolean
  /** GitHub has accepted it. */
  isProven: boolean
}

/** Scope of a token. `repository` is `owner/name`. */
export interface TokenScope {
  readonly installationId: bigint
  readonly repository: string
  readonly permission: Permission
}

/** Repository names are case-insensitive. */
const sameName = (repository: string): string => repository.toLowerCase()

/** Cache key, equal for equal scopes. */
const keyOf = ({ installationId, permission, repository }: TokenScope) =>
  Data.struct({ installationId, permission, repository: sameName(repository) })

/**
 * GitHub takes a repository name without its owner, so another account's repository could match one of the installation's. The
 * response has full names.
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
    // Both times are GitHub's, so the local clock may be wrong.
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

/** A request that uses a token; `isRefusal` identifies errors that reject the token. Runs again with a replacement. */
export interface TokenUse<A, E> {
  readonly use: (token: Redacted.Redacted) => Effect.Effect<A, E>
  readonly isRefusal: (error: E) => boolean
}

/** Runs a request with a token of the scope and handles its rejection. */
export type InstallationTokens = <A, E>(scope: TokenScope, use: TokenUse<A, E>) => Effect.Effect<A, E | GitHubError>

/**
 * Tokens of one repository and one permission each, because a build exposes its token to the repository's Dockerfile. Cached
 * until shortly before expiry. While tokens are rejected within their first minute, at most two are issued, unless an accepted
 * one is rejected later. Failures are not cached.
 */
export const installationTokens = (api: CallGitHub, app: GitHubApp): Effect.Effect<InstallationTokens> =>
  Effect.gen(function* () {
    const cache = yield* Cache.makeWith<TokenScope, IssuedToken, GitHubError>({
      capacity: maxTokens,
      lookup: issue(api, app, false),
      timeToLive: Exit.match({ onFailure: () => Duration.zero, onSuccess: ({ lifetime }) => lifetime })
    })
    const oneAtATime = yield* Effect.makeSemaphore(1)

    /** Of several concurrent callers with a rejected token, the first replaces it for all. */
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
        // Several callers share one request: interrupting one must not abort it.
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
