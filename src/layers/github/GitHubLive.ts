import { Effect, Layer, Option, Redacted, Schema } from "effect"
import {
  type BranchHead,
  type CommitStatus,
  GitHub,
  type GitHubError,
  type GitHubOperation,
  GitHubRefused,
  GitHubUnavailable
} from "../../services/builds/GitHub.ts"
import { shortened } from "../../text/codePoints.ts"
import { bearer, type CallGitHub, gitHubApi } from "./GitHubApi.ts"
import {
  appToken,
  type GitHubApp,
  type InstallationTokens,
  installationTokens,
  type Permission
} from "./installationTokens.ts"

export interface GitHubOptions {
  /** `https://api.github.com`, or `https://<host>/api/v3` of a GitHub Enterprise Server. */
  readonly apiUrl: string
  readonly app: Option.Option<GitHubApp>
  readonly allowsUnauthenticated: boolean
}

/** One API request, as an installation or unauthenticated. */
interface Access {
  readonly api: CallGitHub
  readonly tokens: Option.Option<InstallationTokens>
  readonly allowsUnauthenticated: boolean
}

const Dated = Schema.NullishOr(Schema.Struct({ date: Schema.optional(Schema.DateFromString) }))

const CommitAnswer = Schema.Struct({
  sha: Schema.String,
  commit: Schema.Struct({ message: Schema.String, committer: Dated, author: Dated }),
  // Null or an empty object if the address belongs to no account.
  author: Schema.NullishOr(
    Schema.Struct({ login: Schema.optional(Schema.String), avatar_url: Schema.optional(Schema.String) })
  )
})

const DeploymentAnswer = Schema.Struct({ id: Schema.Number })

const AppAnswer = Schema.Struct({ slug: Schema.String })

const ownerAndName = (repository: string) => {
  const [owner = "", repo = ""] = repository.split("/")
  return { owner, repo }
}

const notConfigured = (operation: GitHubOperation, subject: string) =>
  new GitHubRefused({ operation, subject, reason: "not_configured" })

interface TokenRequest {
  readonly operation: GitHubOperation
  /** `owner/name`. */
  readonly repository: string
  readonly subject: string
  readonly installationId: bigint | null
  readonly permission: Permission
}

/** A 403 concerns the App's permissions, which another token shares. */
const isTokenRefused = (error: GitHubError): boolean => error._tag === "GitHubRefused" && error.status === 401

/** Runs `use` with the authorization header of an installation, or without one if allowed. */
const authorized =
  (
    { allowsUnauthenticated, tokens }: Access,
    { installationId, operation, permission, repository, subject }: TokenRequest
  ) =>
  <A>(
    use: (authorization: { readonly authorization?: string }) => Effect.Effect<A, GitHubError>
  ): Effect.Effect<A, GitHubError> => {
    if (installationId === null || Option.isNone(tokens)) {
      return allowsUnauthenticated && permission === "contents" ? use({}) : notConfigured(operation, subject)
    }
    return tokens.value(
      { installationId, repository, permission },
      { use: (token) => use({ authorization: bearer(Redacted.value(token)) }), isRefusal: isTokenRefused }
    )
  }

const branchHead =
  (gate: Access) =>
  (repository: string, branch: string, installationId: bigint | null): Effect.Effect<BranchHead, GitHubError> => {
    const operation = "branch-head" as const
    const subject = `branch ${branch} of ${repository}`
    return authorized(gate, { operation, subject, repository, installationId, permission: "contents" })(
      (authorization) =>
        gate.api({
          operation,
          subject,
          route: "GET /repos/{owner}/{repo}/commits/{ref}",
          // `heads/` excludes a tag of the same name; the commit's files are paged and not needed.
          parameters: { ...ownerAndName(repository), ref: `heads/${branch}`, per_page: 1 },
          ...authorization,
          answer: CommitAnswer
        })
    ).pipe(
      Effect.map(({ data: { author, commit, sha } }) => ({
        sha,
        message: commit.message,
        authorHandle: author?.login ?? null,
        authorAvatarUrl: author?.avatar_url ?? null,
        timestamp: (commit.committer?.date ?? commit.author?.date)?.getTime() ?? 0
      }))
    )
  }

const maxDescription = 140

/** GitHub filters deployments by task, so the task contains the deployment id. */
const taskOf = (deploymentId: string) => `deploy:${deploymentId}`

/** The deployment was just found or created: a 404 comes from a replica that lags behind. */
const retryNotFound = (error: GitHubError): GitHubError =>
  error._tag === "GitHubRefused" && error.status === 404
    ? new GitHubUnavailable({ operation: error.operation, reason: "unavailable", status: 404 })
    : error

const reportStatus =
  (gate: Access) =>
  ({ deploymentId, description, environment, installationId, repository, sha, state, url }: CommitStatus) => {
    const common = { operation: "report-status", subject: repository } as const
    const place = ownerAndName(repository)
    const marked = { ...place, task: taskOf(deploymentId), environment }
    return authorized(gate, { ...common, repository, installationId, permission: "deployments" })((authorization) =>
      Effect.gen(function* () {
        const found = yield* gate.api({
          ...common,
          route: "GET /repos/{owner}/{repo}/deployments",
          parameters: { ...marked, sha, per_page: 1 },
          ...authorization,
          answer: Schema.Array(DeploymentAnswer)
        })
        const create = gate.api({
          ...common,
          route: "POST /repos/{owner}/{repo}/deployments",
          // The commit is deployed as it is: GitHub must neither merge into it nor wait for checks.
          parameters: { ...marked, ref: sha, auto_merge: false, required_contexts: [] },
          ...authorization,
          answer: DeploymentAnswer
        })
        const [known] = found.data
        const { id } = known ?? (yield* create).data
        yield* gate
          .api({
            ...common,
            route: "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
            parameters: {
              ...place,
              deployment_id: id,
              state,
              description: shortened(description, maxDescription),
              ...(url === null ? {} : { environment_url: url })
            },
            ...authorization,
            answer: Schema.Unknown
          })
          .pipe(Effect.mapError(retryNotFound))
      })
    )
  }

const appName = (api: CallGitHub, app: GitHubApp) =>
  Effect.flatMap(appToken(app), ({ token }) =>
    api({
      operation: "app",
      subject: `app ${app.appId}`,
      route: "GET /app",
      authorization: bearer(token),
      answer: AppAnswer
    })
  ).pipe(Effect.map(({ data }) => data.slug))

/** GitHub's REST API, authenticated as the App if configured. Tokens stay in memory, never in errors or spans. */
export const GitHubLive = (options: GitHubOptions): Layer.Layer<GitHub> =>
  Layer.scoped(
    GitHub,
    Effect.gen(function* () {
      const api = yield* gitHubApi(options.apiUrl)
      const tokens = yield* Effect.transposeOption(Option.map(options.app, (app) => installationTokens(api, app)))
      const { allowsUnauthenticated } = options
      const gate: Access = { api, tokens, allowsUnauthenticated }
      return GitHub.of({
        isConfigured: Option.isSome(tokens),
        allowsUnauthenticated,
        installationToken: (installationId, repository, { run, isRefusal }) =>
          Option.match(tokens, {
            onNone: () => notConfigured("installation-token", `repository ${repository}`),
            onSome: (withToken) =>
              withToken(
                { installationId, repository, permission: "contents" },
                { use: (token) => Effect.as(run(token), token), isRefusal }
              )
          }),
        branchHead: branchHead(gate),
        reportStatus: reportStatus(gate),
        appName: Option.match(options.app, {
          onNone: () => notConfigured("app", "app"),
          onSome: (app) => appName(api, app)
        })
      })
    })
  )
