import { Cache, Clock, Duration, Effect, Exit, Redacted, Schema } from "effect"
import githubAppJwt from "universal-github-app-jwt"
import { type GitHubError, GitHubRefused } from "../../services/GitHub.ts"
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

const TokenAnswer = Schema.Struct({ token: Schema.String, expires_at: Schema.DateFromString })

/** Nobody is given a token that ends while it is used. */
const reserve = Duration.minutes(5)
const maxInstallations = 10_000

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
}

const keyOf = (installationId: bigint, permission: Permission) => `${permission} ${installationId}`

const parse = (key: string) => {
  const [permission = "", installationId = ""] = key.split(" ")
  return { permission: permission === "deployments" ? ("deployments" as const) : ("contents" as const), installationId }
}

const issue = (api: CallGitHub, app: GitHubApp) => (key: string) =>
  Effect.gen(function* () {
    const { installationId, permission } = parse(key)
    const { token: jwt } = yield* appToken(app)
    const { at, data } = yield* api({
      operation: "installation-token",
      subject: `installation ${installationId}`,
      route: "POST /app/installations/{installation_id}/access_tokens",
      parameters: { installation_id: installationId, permissions: permissions[permission] },
      authorization: bearer(jwt),
      answer: TokenAnswer
    })
    // Both times are GitHub's, so that our clock may be as wrong as it likes.
    const issuedAt = at ?? (yield* Clock.currentTimeMillis)
    const lifetime = Duration.subtract(Duration.millis(data.expires_at.getTime() - issuedAt), reserve)
    return { token: Redacted.make(data.token), lifetime }
  })

export interface InstallationTokens {
  readonly get: (installationId: bigint, permission: Permission) => Effect.Effect<Redacted.Redacted, GitHubError>
  /** GitHub no longer accepts it: the next call gets a new one. */
  readonly forget: (installationId: bigint, permission: Permission) => Effect.Effect<void>
}

/** Tokens by installation and permission, asked for once and used until shortly before they expire. Failures are not kept. */
export const installationTokens = (api: CallGitHub, app: GitHubApp): Effect.Effect<InstallationTokens> =>
  Effect.map(
    Cache.makeWith<string, IssuedToken, GitHubError>({
      capacity: maxInstallations,
      lookup: issue(api, app),
      timeToLive: Exit.match({ onFailure: () => Duration.zero, onSuccess: ({ lifetime }) => lifetime })
    }),
    (cache) => ({
      get: (installationId, permission) =>
        cache.get(keyOf(installationId, permission)).pipe(
          Effect.map(({ token }) => token),
          // Several callers wait for one request: none of them takes it along when it goes away.
          Effect.uninterruptible,
          Effect.disconnect
        ),
      forget: (installationId, permission) => cache.invalidate(keyOf(installationId, permission))
    })
  )
