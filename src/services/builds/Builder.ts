import { HttpApiSchema } from "@effect/platform"
import { Context, type Effect, Schema } from "effect"

/** The builder, or a service it depends on, is unavailable. Class: retry. */
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

/** Not retryable (400): the request cannot be built. `problem` is shown to users. */
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

/** A build request. Paths are as users enter them; empty means the default. */
export const BuildRequest = Schema.Struct({
  /** Chosen before the build starts; at most 63 letters, digits, `-`, `_` and `.`. */
  buildId: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  deploymentId: Schema.String,
  /** The Depot project that holds the project's cache, if known. */
  depotProjectId: Schema.NullOr(Schema.String),
  /** `owner/name`. */
  repository: Schema.String,
  /** All 40 hexadecimal digits. */
  commitSha: Schema.String,
  contextPath: Schema.String,
  dockerfilePath: Schema.String,
  /** `linux/<architecture>`. */
  platform: Schema.String,
  /** Null for a public repository, built without a token. */
  installationId: Schema.NullOr(Schema.BigInt)
})
export type BuildRequest = typeof BuildRequest.Type

/** Why a build failed; `unknown` for all other causes. */
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
  /** Progress for users, at most 200 characters. */
  detail: Schema.String
})
export const BuildSucceeded = Schema.TaggedStruct("Succeeded", {
  image: Schema.String,
  /** The digest in the registry: `sha256:` and 64 hexadecimal digits. */
  digest: Schema.String,
  /** The builder's own unique id of the build, valid as a Kubernetes label; null if it has none. */
  externalBuildId: Schema.NullOr(Schema.String),
  /** The Depot project that holds the project's cache, to store with the project; null for other builders. */
  depotProjectId: Schema.NullOr(Schema.String)
})
export const BuildFailed = Schema.TaggedStruct("Failed", {
  kind: BuildFailureKind,
  /** Shown to users, with what to do. Holds no secret; at most 500 characters. */
  message: Schema.String
})
/** No worker runs the build: its worker died, and the build with it. Start it again. */
export const BuildUnknown = Schema.TaggedStruct("Unknown", {})

export const BuildState = Schema.Union(BuildRunning, BuildSucceeded, BuildFailed, BuildUnknown)
export type BuildState = typeof BuildState.Type
export type BuildOutcome = typeof BuildSucceeded.Type | typeof BuildFailed.Type

/**
 * Builds images from git commits and pushes them. No call waits for a build: `start`, then `poll` until it ends. Any worker can
 * answer for any build.
 */
export class Builder extends Context.Tag("ctrl-worker/Builder")<
  Builder,
  {
    /** If false, every `start` fails. */
    readonly isConfigured: boolean
    /**
     * Succeeds once access to the repository is verified and the build has been started. Idempotent by build id: a build that
     * runs or has ended is not started again.
     */
    readonly start: (request: BuildRequest) => Effect.Effect<void, BuilderUnavailable | BuildRefused>
    readonly poll: (buildId: string) => Effect.Effect<BuildState, BuilderUnavailable>
    /**
     * Requests cancellation, also of a build on another worker, and returns; the build stops within seconds and then polls as
     * `cancelled`. Safe to repeat.
     */
    readonly cancel: (buildId: string) => Effect.Effect<void, BuilderUnavailable>
  }
>() {}
