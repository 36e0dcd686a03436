import { Context, type Effect, type Option } from "effect"

export interface AttemptLabels {
  readonly service: string
  readonly handler: string
}

export interface StepLabels extends AttemptLabels {
  readonly step: string
}

/** The connections of one database pool at this moment. */
export interface PoolUsage {
  readonly open: number
  readonly idle: number
  /** Callers waiting for a connection. */
  readonly queued: number
}

/**
 * What operators can count. The four attempt and step methods have the shape of the bridge's observer: synchronous,
 * never throwing, called for what really ran and not for replay.
 *
 * Labels must come from constants of the code. As a guard, label values beyond a fixed number are counted as "other".
 */
export class WorkflowMetrics extends Context.Tag("ctrl-worker/WorkflowMetrics")<
  WorkflowMetrics,
  {
    readonly attemptStarted: (attempt: AttemptLabels) => void
    readonly attemptEnded: (attempt: AttemptLabels & { readonly outcome: string; readonly seconds: number }) => void
    /** Attempts that wait because too many run. */
    readonly setWaitingAttempts: (count: number) => void
    readonly stepStarted: (step: StepLabels) => void
    /** `error` is the tag of what failed. */
    readonly stepEnded: (
      step: StepLabels & { readonly outcome: string; readonly seconds: number; readonly error?: string | undefined }
    ) => void
    /** Replaces the paused count of every service; none when it is not known, so that a stale count is never shown. */
    readonly setPausedInvocations: (counts: Option.Option<ReadonlyMap<string, number>>) => Effect.Effect<void>
    /** As the above, of invocations that neither move nor are paused, and of those that wait behind one for its key. */
    readonly setStuckInvocations: (counts: Option.Option<ReadonlyMap<string, number>>) => Effect.Effect<void>
    /** Whether Restate answered the last look for such invocations. Until the first look it did not. */
    readonly setInvocationWatchUp: (up: boolean) => Effect.Effect<void>
    readonly setPoolUsage: (pool: "primary" | "replica" | "health", usage: PoolUsage) => Effect.Effect<void>
    /** Everything, in the Prometheus text format named by `contentType`. */
    readonly render: Effect.Effect<string>
    readonly contentType: string
  }
>() {}
