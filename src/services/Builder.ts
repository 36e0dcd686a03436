import { HttpApiSchema } from "@effect/platform"
import { Context, type Effect, Schema } from "effect"

/** The builder, or what it needs, did not do its part: away, busy, or GitHub gives no token now. Class: retry. */
export class BuilderUnavailable extends Schema.TaggedError<BuilderUnavailable>()("BuilderUnavailable", {
  operation: Schema.Literal("start", "poll", "cancel"),
  reason: Schema.Literal(
    "unreachable",
    "timeout",
    "unavailable",
    "denied",
    "git-unavailable",
    "vault-unavailable",
    "shutting-down"
  )
}) {
  readonly retryable = true as const

  override get message(): string {
    return `builder ${this.operation}: ${this.reason}`
  }
}

/** Refuse (400): nothing can be built from this request, however often it is repeated. `problem` is for users. */
export class BuildRefused extends Schema.TaggedError<BuildRefused>()(
  "BuildRefused",
  {
    reason: Schema.Literal("not_configured", "invalid", "repository_not_accessible", "commit_not_found"),
    field: Schema.Literal(
      "builder",
      "buildId",
      "workspaceId",
      "projectId",
      "deploymentId",
      "repository",
      "commitSha",
      "contextPath",
      "dockerfilePath",
      "platform",
      "installationId",
      "environmentVariables"
    ),
    problem: Schema.String
  },
  HttpApiSchema.annotations({ status: 400 })
) {
  override get message(): string {
    return `${this.field}: ${this.problem}`
  }
}

/** What to build, from which commit, for whom. Paths are as users write them: empty means the default. */
export const BuildRequest = Schema.Struct({
  /** Fixed before the build starts, at most 63 letters, digits, `-`, `_` and `.`. */
  buildId: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  deploymentId: Schema.String,
  /** Where Depot keeps the project's cache, when that is known already. */
  depotProjectId: Schema.NullOr(Schema.String),
  /** `owner/name`. */
  repository: Schema.String,
  /** All 40 hexadecimal digits. */
  commitSha: Schema.String,
  contextPath: Schema.String,
  dockerfilePath: Schema.String,
  /** `linux/<architecture>`. */
  platform: Schema.String,
  /** Null builds a public repository without a token. */
  installationId: Schema.NullOr(Schema.BigInt)
})
export type BuildRequest = typeof BuildRequest.Type

/** Why a build failed, as far as it is known. `unknown` is the rest. */
export const BuildFailureKind = Schema.Literal(
  "dockerfile_not_found",
  "dockerfile_invalid",
  "context_not_found",
  "commit_not_found",
  "repository_not_accessible",
  "base_image_not_found",
  "source_denied",
  "file_not_found",
  "command_failed",
  "out_of_memory",
  "push_failed",
  "builder_denied",
  "builder_too_old",
  "platform_not_supported",
  "timed_out",
  "cancelled",
  "unknown"
)
export type BuildFailureKind = typeof BuildFailureKind.Type

export const BuildRunning = Schema.TaggedStruct("Running", {
  /** What it is doing, for whoever looks at the deployment; at most 200 characters. */
  detail: Schema.String
})
export const BuildSucceeded = Schema.TaggedStruct("Succeeded", {
  image: Schema.String,
  /** `sha256:` and 64 hexadecimal digits: what the registry has. */
  digest: Schema.String,
  /** The builder's own name for the build, unique and fit for a Kubernetes label; null when it gives none. */
  externalBuildId: Schema.NullOr(Schema.String),
  /** Where Depot keeps the project's cache, to be stored with the project; null for other builders. */
  depotProjectId: Schema.NullOr(Schema.String)
})
export const BuildFailed = Schema.TaggedStruct("Failed", {
  kind: BuildFailureKind,
  /** For users: says what to do. Holds no secret, at most 500 characters. */
  message: Schema.String
})
/** No worker knows that build: the one that ran it died, and its build with it. Start it again. */
export const BuildUnknown = Schema.TaggedStruct("Unknown", {})

export const BuildState = Schema.Union(BuildRunning, BuildSucceeded, BuildFailed, BuildUnknown)
export type BuildState = typeof BuildState.Type
export type BuildOutcome = typeof BuildSucceeded.Type | typeof BuildFailed.Type

/**
 * Builds images from git commits and pushes them. No call waits for a build: `start`, then `poll` until it has ended. Any
 * worker may be asked, whichever of them runs the build.
 */
export class Builder extends Context.Tag("ctrl-worker/Builder")<
  Builder,
  {
    /** False: every start is refused. */
    readonly isConfigured: boolean
    /**
     * Succeeds once the repository's owner has let us in and the build is on its way. Safe to repeat: a build of that id
     * that runs or has ended is attached to, never started twice.
     */
    readonly start: (request: BuildRequest) => Effect.Effect<void, BuilderUnavailable | BuildRefused>
    readonly poll: (buildId: string) => Effect.Effect<BuildState, BuilderUnavailable>
    /**
     * Stops the build where it runs, within seconds when that is another worker, and answers once that is on its way; it
     * then polls as `cancelled`. Safe to repeat.
     */
    readonly cancel: (buildId: string) => Effect.Effect<void, BuilderUnavailable>
  }
>() {}
