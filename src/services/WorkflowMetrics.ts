import { Context, type Effect, type Option } from "effect"

export interface AttemptLabels {
  readonly service: string
  readonly handler: string
}

export interface StepLabels extends AttemptLabels {
  readonly step: string
}

/** Current connections of one database pool. */
export interface PoolUsage {
  readonly open: number
  readonly idle: number
  /** Callers waiting for a connection. */
  readonly queued: number
}

/**
 * Metrics of attempts, steps and pools. The four attempt and step methods have the shape of the kit's observer: synchronous,
 * never throwing, called for real executions and not for replay.
 *
 * Label values must be constants of the code. As a guard, values beyond a fixed number are counted as "other".
 */
export class WorkflowMetrics extends Context.Tag("ctrl-worker/WorkflowMetrics")<
  WorkflowMetrics,
  {
    readonly attemptStarted: (attempt: AttemptLabels) => void
    readonly attemptEnded: (attempt: AttemptLabels & { readonly outcome: string; readonly seconds: number }) => void
    /** Attempts that wait for a slot. */
    readonly setWaitingAttempts: (count: number) => void
    readonly stepStarted: (step: StepLabels) => void
    /** `error` is the error's tag. */
    readonly stepEnded: (
      step: StepLabels & { readonly outcome: string; readonly seconds: number; readonly error?: string | undefined }
    ) => void
    /** Replaces the paused counts of all services; `None` clears them, so that no stale count is shown. */
    readonly setPausedInvocations: (counts: Option.Option<ReadonlyMap<string, number>>) => Effect.Effect<void>
    /** The same for invocations that are stuck but not paused, including those that wait for a stuck invocation's key. */
    readonly setStuckInvocations: (counts: Option.Option<ReadonlyMap<string, number>>) => Effect.Effect<void>
    /** Whether the last query of such invocations succeeded; false before the first. */
    readonly setInvocationWatchUp: (up: boolean) => Effect.Effect<void>
    readonly setPoolUsage: (pool: "primary" | "replica" | "health", usage: PoolUsage) => Effect.Effect<void>
    /** All metrics in the Prometheus text format of `contentType`. */
    readonly render: Effect.Effect<string>
    readonly contentType: string
  }
>() {}
