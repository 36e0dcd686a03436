import { Context, type Effect, type Redacted, Schema } from "effect"

/** What we ask GitHub for, as named in errors, spans and metrics. */
export const GitHubOperation = Schema.Literal("installation-token", "branch-head", "report-status")
export type GitHubOperation = typeof GitHubOperation.Type

/** GitHub did not answer, or has had enough of us for now. Class: retry. */
export class GitHubUnavailable extends Schema.TaggedError<GitHubUnavailable>()("GitHubUnavailable", {
  operation: GitHubOperation,
  reason: Schema.Literal("unreachable", "timeout", "unavailable", "rate_limited", "unexpected-answer"),
  status: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `GitHub ${this.operation}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

const refusals = {
  not_configured: "no GitHub App is configured",
  installation_missing: "the GitHub App is not installed there any more",
  denied: "the GitHub App may not do that, or there is no such repository"
} as const

/** GitHub will not do it, however often it is asked. Class: refuse. */
export class GitHubRefused extends Schema.TaggedError<GitHubRefused>()("GitHubRefused", {
  operation: GitHubOperation,
  reason: Schema.Literal("not_configured", "installation_missing", "denied")
}) {
  override get message(): string {
    return `GitHub ${this.operation}: ${refusals[this.reason]}`
  }
}

export type GitHubError = GitHubUnavailable | GitHubRefused

/** The newest commit of a branch. */
export const BranchHead = Schema.Struct({
  /** 40 lower-case hexadecimal characters. */
  sha: Schema.String,
  message: Schema.String,
  authorHandle: Schema.NullOr(Schema.String),
  authorAvatarUrl: Schema.NullOr(Schema.String),
  /** Unix milliseconds. */
  timestamp: Schema.Number
})
export type BranchHead = typeof BranchHead.Type

export const CommitState = Schema.Literal("pending", "in_progress", "success", "failure")
export type CommitState = typeof CommitState.Type

export interface CommitStatus {
  /** `owner/name`. */
  readonly repository: string
  readonly sha: string
  readonly environment: string
  readonly state: CommitState
  /** At most 140 characters; GitHub takes no more. */
  readonly description: string
  /** Where the deployment can be looked at. */
  readonly url: string | null
  readonly installationId: bigint | null
  readonly deploymentId: string
}

/** GitHub, as the configured App. Everything here is safe to repeat. */
export class GitHub extends Context.Tag("ctrl-worker/GitHub")<
  GitHub,
  {
    /** A token that reads the installation's repositories, valid for some more minutes. */
    readonly installationToken: (installationId: bigint) => Effect.Effect<Redacted.Redacted<string>, GitHubError>
    /** Without an installation only public repositories are found. */
    readonly branchHead: (
      repository: string,
      branch: string,
      installationId: bigint | null
    ) => Effect.Effect<BranchHead, GitHubError>
    /** Shows at the commit how its deployment is doing. One GitHub deployment per `deploymentId`, however often it is called. */
    readonly reportStatus: (status: CommitStatus) => Effect.Effect<void, GitHubError>
    /** Whether there is a GitHub App to act as. */
    readonly isConfigured: boolean
    /** Whether public repositories may be deployed without an App. */
    readonly allowsUnauthenticated: boolean
  }
>() {}
