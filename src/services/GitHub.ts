import { HttpApiSchema } from "@effect/platform"
import { Context, type Effect, type Redacted, Schema } from "effect"

export const GitHubOperation = Schema.Literal("app", "installation-token", "branch-head", "report-status")
export type GitHubOperation = typeof GitHubOperation.Type

/** GitHub did not answer, is busy, or has had enough of us for now. Class: retry. */
export class GitHubUnavailable extends Schema.TaggedError<GitHubUnavailable>()("GitHubUnavailable", {
  operation: GitHubOperation,
  /** `token_too_young`: GitHub does not take a token that it has issued within the last minute. */
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

/** Refuse (400): GitHub said no, and says so again until somebody changes the App or its installation. */
export class GitHubRefused extends Schema.TaggedError<GitHubRefused>()(
  "GitHubRefused",
  {
    operation: GitHubOperation,
    reason: Schema.Literal("not_configured", "installation_missing", "denied"),
    /** What was asked for: an installation, a repository or a branch of it. */
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

/** What a token is shown to before it counts as good. `isRefusal`: the error is a no to the token itself. */
export interface Trial<E> {
  readonly ask: (token: Redacted.Redacted) => Effect.Effect<void, E>
  readonly isRefusal: (error: E) => boolean
}

/** The newest commit of a branch. Texts are GitHub's and not cut. */
export const BranchHead = Schema.Struct({
  sha: Schema.String,
  message: Schema.String,
  /** Null when the author's address belongs to no account. */
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
  /** Environment as GitHub shows it. */
  readonly environment: string
  readonly state: CommitState
  /** Cut to GitHub's limit of 140 characters. */
  readonly description: string
  readonly url: string | null
  /** Null, or an App that is not there, is refused: nobody may report as nobody. */
  readonly installationId: bigint | null
  /** Marks GitHub's deployment as ours, so that every report of one deployment finds the same one. */
  readonly deploymentId: string
}

/** The GitHub App. `installationId` null asks as nobody, for public repositories, and is refused unless that is allowed. */
export class GitHub extends Context.Tag("ctrl-worker/GitHub")<
  GitHub,
  {
    /** A GitHub App is configured. */
    readonly isConfigured: boolean
    /** Public repositories may be deployed without an installation. */
    readonly allowsUnauthenticated: boolean
    /**
     * Reads the contents of this one repository (`owner/name`), nothing else, and lives for at least five more minutes. Refused for a
     * repository that the installation does not have. Asked for about once an hour.
     *
     * What the trial says to a token decides: a token that is refused within a minute of its issue is kept and asked with
     * again (`GitHubUnavailable`), an older one is replaced once, and a refusal of the replacement is the trial's error.
     */
    readonly installationToken: <E>(
      installationId: bigint,
      repository: string,
      trial: Trial<E>
    ) => Effect.Effect<Redacted.Redacted, E | GitHubError>
    readonly branchHead: (
      repository: string,
      branch: string,
      installationId: bigint | null
    ) => Effect.Effect<BranchHead, GitHubError>
    /** Safe to repeat: the deployment is looked for before it is made; a repeated state is one more line in its history. */
    readonly reportStatus: (report: CommitStatus) => Effect.Effect<void, GitHubError>
    /** The App's own name, while GitHub accepts its key; refused where no App is configured. */
    readonly appName: Effect.Effect<string, GitHubError>
  }
>() {}
