import { Context, type Effect, type Scope } from "effect"

/** Whose build it is: how its steps and logs are found again. */
export interface BuildIdentity {
  readonly workspaceId: string
  readonly projectId: string
  readonly deploymentId: string
}

/** A step of a build as it is now. Told again whenever something about it changes. Times are Unix milliseconds. */
export interface StepProgress {
  readonly _tag: "Step"
  /** The builder's own id of the step, unique within its content: `sha256:...`. */
  readonly stepId: string
  readonly name: string
  readonly cached: boolean
  readonly startedAt: number | null
  readonly completedAt: number | null
  /** Empty when nothing went wrong. */
  readonly error: string
}

/** What a step wrote, standard output and standard error alike. */
export interface StepOutput {
  readonly _tag: "Output"
  readonly stepId: string
  readonly at: number
  readonly text: string
}

export type BuildEvent = StepProgress | StepOutput

/** Takes the events of one build in the order they come. Never fails and never waits for anybody. */
export type RecordEvents = (events: ReadonlyArray<BuildEvent>) => Effect.Effect<void>

/**
 * Keeps the steps and the output of builds for whoever looks at a deployment. Best effort: a store that is slow or away
 * costs events, which are counted, and never a build's time.
 */
export class BuildTelemetry extends Context.Tag("ctrl-worker/BuildTelemetry")<
  BuildTelemetry,
  {
    /** Opens the record of one build. When the scope closes, what is known of its steps is final. */
    readonly record: (build: BuildIdentity) => Effect.Effect<RecordEvents, never, Scope.Scope>
    /** How many rows were lost since the start. */
    readonly dropped: Effect.Effect<number>
  }
>() {}
