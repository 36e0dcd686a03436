import { Context, type Effect } from "effect"
import type { DbFailure } from "../services/Db.ts"
import { day } from "../text/millis.ts"

export interface BuildBacklog {
  /** Deployments in the `queued` step, waiting for a build slot. */
  readonly waiting: number
  /** When the longest waiting deployment began to wait, in Unix milliseconds; null if none waits. */
  readonly waitingSince: number | null
  /** Builds under a worker's lease. */
  readonly running: number
}

/**
 * A renewal is overdue once less than a fifth of the certificate's lifetime is left. Renewal is due with a third of the
 * lifetime left (half of a lifetime under 10 days), and is retried daily until it succeeds.
 */
export const overdueFraction = 5
/** A fifth of 90 days: the limit for certificates with a longer lifetime. */
export const maxOverdueWindow = 18 * day
/** A certificate expired for longer than this counts as abandoned: its domain points elsewhere and cannot be validated. */
export const abandonedAfter = 7 * day

/** Work waiting in the database, for metrics. Read only; reads as many rows as wait. */
export class Backlog extends Context.Tag("ctrl-worker/Backlog")<
  Backlog,
  {
    readonly builds: Effect.Effect<BuildBacklog, DbFailure>
    /**
     * The number of certificates whose renewal is overdue: less than `maxOverdueWindow` and than a fifth of the lifetime is left,
     * and they are not abandoned.
     */
    readonly overdueRenewals: (now: number) => Effect.Effect<number, DbFailure>
  }
>() {}
