import { HttpApiSchema } from "@effect/platform"
import { Context, type Effect, type Redacted, Schema } from "effect"

export const GitHubOperation = Schema.Literal("app", "installation-token", "branch-head", "report-status")
export type GitHubOperation = typeof GitHubOperation.Type

/** GitHub is unavailable or limits requests. Class: retry. */
export class GitHubUnavailable extends Schema.TaggedError<GitHubUnavailable>()("GitHubUnavailable", {
  operation: GitHubOperation,
  /** `token_too_young`: GitHub rejects a token that it issued within the last minute. */
  reason: Schema.Literal(
    "unreachable",
    "timeout",
    "rate_limited",
    "unavailable",
    "unexpected-answer",
    "token_too_young"
  ),
  status: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `GitHub ${this.operation}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

const refusals = {
  not_configured: "no GitHub App is configured and unauthenticated deployments are not allowed",
  installation_missing: "the GitHub App is not installed there any more",
  denied: "it does not exist, or this GitHub App may not use it"
} as const

/** Not retryable (400): GitHub denies access until the App or its installation changes. */
export class GitHubRefused extends Schema.TaggedError<GitHubRefused>()(
  "GitHubRefused",
  {
    operation: GitHubOperation,
    reason: Schema.Literal("not_configured", "installation_missing", "denied"),
    /** The installation, repository or branch of the request. */
    subject: Schema.String,
    status: Schema.optional(Schema.Number)
  },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message(): string {
    return `GitHub ${this.subject}: ${refusals[this.reason]}`
  }
}

export type GitHubError = GitHubUnavailable | GitHubRefused

/** A request that tests a token. `isRefusal` tells whether an error rejects the token itself. */
export interface TokenProbe<E> {
  readonly run: (token: Redacted.Redacted) => Effect.Effect<void, E>
  readonly isRefusal: (error: E) => boolean
}

/** The newest commit of a branch. Texts are GitHub's, not truncated. */
export const BranchHead = Schema.Struct({
  sha: Schema.String,
  message: Schema.String,
  /** Null if the author's email belongs to no account. */
  authorHandle: Schema.NullOr(Schema.String),
  authorAvatarUrl: Schema.NullOr(Schema.String),
  /** Unix milliseconds of the commit. */
  timestamp: Schema.Number
})
export type BranchHead = typeof BranchHead.Type

export const CommitState = Schema.Literal("pending", "in_progress", "success", "failure")
export type CommitState = typeof CommitState.Type

export interface CommitStatus {
  /** `owner/name`. */
  readonly repository: string
  readonly sha: string
  /** Environment name shown by GitHub. */
  readonly environment: string
  readonly state: CommitState
  /** Cut to GitHub's limit of 140 characters. */
  readonly description: string
  readonly url: string | null
  /** Must be an installation id of a configured App: an unauthenticated report is refused. */
  readonly installationId: bigint | null
  /** Identifies GitHub's deployment, so that all reports of one deployment update the same one. */
  readonly deploymentId: string
}

/**
 * The GitHub App. A null `installationId` sends an unauthenticated request, for public repositories; it is refused unless
 * allowed.
 */
export class GitHub extends Context.Tag("ctrl-worker/GitHub")<
  GitHub,
  {
    /** Whether a GitHub App is configured. */
    readonly isConfigured: boolean
    /** Whether public repositories may be deployed without an installation. */
    readonly allowsUnauthenticated: boolean
    /**
     * A token that can read the contents of this one repository (`owner/name`) and is valid for at least five more minutes.
     * Refused if the installation does not include the repository. Requested about once an hour.
     *
     * `probe` tests the token. A token rejected within a minute of its issue stays in use and the call fails with
     * `GitHubUnavailable`; an older one is replaced once; the error of the replacement is the probe's.
     */
    readonly installationToken: <E>(
      installationId: bigint,
      repository: string,
      trial: TokenProbe<E>
    ) => Effect.Effect<Redacted.Redacted, E | GitHubError>
    readonly branchHead: (
      repository: string,
      branch: string,
      installationId: bigint | null
    ) => Effect.Effect<BranchHead, GitHubError>
    /** Safe to repeat: an existing deployment is reused; a repeated state adds one entry to its history. */
    readonly reportStatus: (report: CommitStatus) => Effect.Effect<void, GitHubError>
    /** The App's name, if GitHub accepts its key; refused if no App is configured. */
    readonly appName: Effect.Effect<string, GitHubError>
  }
>() {}
