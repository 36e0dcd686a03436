import { Context, type Effect, Schema } from "effect"

/** The builder did not answer. Class: retry. Carries nothing of what is built. */
export class BuilderUnavailable extends Schema.TaggedError<BuilderUnavailable>()("BuilderUnavailable", {
  operation: Schema.Literal("start", "poll", "cancel"),
  reason: Schema.String
}) {
  readonly retryable = true as const

  override get message(): string {
    return `builder ${this.operation}: ${this.reason}`
  }
}

/** The build cannot be started, however often it is asked for. Class: refuse. `problem` is for users and holds no secret. */
export class BuildRefused extends Schema.TaggedError<BuildRefused>()("BuildRefused", {
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/** One build, complete: nothing else decides what comes out. Everything that becomes part of a URL has been validated. */
export interface BuildRequest {
  /** Chosen by the caller: the key of idempotency, at most 63 characters, valid as a Kubernetes label. */
  readonly buildId: string
  readonly workspaceId: string
  readonly projectId: string
  readonly deploymentId: string
  /** The project's remembered Depot project; null when it has none yet. */
  readonly depotProjectId: string | null
  /** `owner/name`. */
  readonly repository: string
  /** 40 lower-case hexadecimal characters. */
  readonly commitSha: string
  /** Directory within the repository; empty for its root. */
  readonly contextPath: string
  /** Relative to the context. */
  readonly dockerfilePath: string
  /** As in `linux/amd64`. */
  readonly platform: string
  /** Whose token reads the repository; null for a public one. */
  readonly installationId: bigint | null
}

/** Why a build failed, as far as it can be told. */
export const BuildFailureKind = Schema.Literal(
  "dockerfile_not_found",
  "context_not_found",
  "commit_not_found",
  "repository_not_accessible",
  "dockerfile_invalid",
  "base_image_not_found",
  "command_failed",
  "out_of_memory",
  "push_failed",
  "cancelled",
  "unknown"
)
export type BuildFailureKind = typeof BuildFailureKind.Type

/** How a build is doing. `Unknown`: nobody knows it any more, because the process that ran it has died; start it again. */
export const BuildState = Schema.Union(
  Schema.TaggedStruct("Running", { detail: Schema.String }),
  Schema.TaggedStruct("Succeeded", {
    image: Schema.String,
    /** `sha256:` and 64 hexadecimal characters. */
    digest: Schema.String,
    /** The builder's own id, where pulling the image depends on it. */
    externalBuildId: Schema.NullOr(Schema.String)
  }),
  Schema.TaggedStruct("Failed", {
    kind: BuildFailureKind,
    /** For users, without secrets. */
    message: Schema.String
  }),
  Schema.TaggedStruct("Unknown", {})
)
export type BuildState = typeof BuildState.Type

/** Builds images out of git repositories and pushes them. No call waits for a build: start it, then ask how it is doing. */
export class Builder extends Context.Tag("ctrl-worker/Builder")<
  Builder,
  {
    /** Idempotent by `buildId`: a build that runs or has ended is left alone. Fetches the git token by itself. */
    readonly start: (request: BuildRequest) => Effect.Effect<void, BuilderUnavailable | BuildRefused>
    readonly poll: (buildId: string) => Effect.Effect<BuildState, BuilderUnavailable>
    /** Stops the build if it runs. Idempotent, and harmless for a build that nobody knows. */
    readonly cancel: (buildId: string) => Effect.Effect<void, BuilderUnavailable>
    readonly isConfigured: boolean
  }
>() {}
