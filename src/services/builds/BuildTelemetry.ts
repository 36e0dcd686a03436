import { Context, type Effect, type Scope } from "effect"

/** Identifies the build that steps and logs belong to. */
export interface BuildIdentity {
  readonly workspaceId: string
  readonly projectId: string
  readonly deploymentId: string
}

/** The current state of a build step, sent again on each change. Times are Unix milliseconds. */
export interface StepProgress {
  readonly _tag: "Step"
  /** BuildKit's id of the step, unique within its content: `sha256:...`. */
  readonly stepId: string
  readonly name: string
  readonly cached: boolean
  readonly startedAt: number | null
  readonly completedAt: number | null
  /** Empty on success. */
  readonly error: string
}

/** Output of a step, standard output and standard error combined. */
export interface StepOutput {
  readonly _tag: "Output"
  readonly stepId: string
  readonly at: number
  readonly text: string
}

export type BuildEvent = StepProgress | StepOutput

/** Takes the events of one build in order. Never fails and never blocks. */
export type RecordEvents = (events: ReadonlyArray<BuildEvent>) => Effect.Effect<void>

/**
 * Stores the steps and output of builds for display. Best effort: a slow or unreachable store drops events, which are counted,
 * and never delays a build.
 */
export class BuildTelemetry extends Context.Tag("ctrl-worker/BuildTelemetry")<
  BuildTelemetry,
  {
    /** Opens the record of one build. Closing the scope finalizes its steps. */
    readonly record: (build: BuildIdentity) => Effect.Effect<RecordEvents, never, Scope.Scope>
    /** Rows dropped since the process started. */
    readonly dropped: Effect.Effect<number>
  }
>() {}
