import { Context, Duration } from "effect"

/** The part of the configuration that deadlines depend on. */
export interface DeadlineSettings {
  /** `deadline`: how long one build may take. */
  readonly builds: { readonly deadline: Duration.Duration }
}

/**
 * How long a handler may take in all, from when it first has its key. An invocation that is open for longer is reported as
 * stuck; nothing is cancelled. Delayed messages (the next check of a domain, standby, a renewal) count from when they are due.
 *
 * Two hours unless the contract says otherwise: most handlers complete within a minute. Failing ones are retried for about an
 * hour and then paused.
 */
export class Deadline extends Context.Reference<Deadline>()("ctrl-worker/Deadline", {
  defaultValue: (): ((settings: DeadlineSettings) => Duration.Duration) => () => Duration.hours(2)
}) {}

/** A handler's `annotations` with its deadline, which may depend on the configuration. */
export const deadline = (
  limit: Duration.Duration | ((settings: DeadlineSettings) => Duration.Duration)
): Context.Context<Deadline> => Context.make(Deadline, Duration.isDuration(limit) ? () => limit : limit)

/** For jobs over all keys, workspaces or certificates, and for parts of them that wait for an unavailable receiver. */
export const longJob = deadline(Duration.hours(12))
