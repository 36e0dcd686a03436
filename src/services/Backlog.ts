import { Context, type Effect } from "effect"
import type { DbFailure } from "./Db.ts"

export interface BuildBacklog {
  /** Deployments in their `queued` step: they wait for a build slot. */
  readonly waiting: number
  /** Since when the one that has waited longest waits, in Unix milliseconds; null when none does. */
  readonly waitingSince: number | null
  /** Builds that a worker has a lease on. */
  readonly running: number
}

const day = 86_400_000

/**
 * A renewal is overdue once less than a fifth of the certificate's life is left: it is due with a third left, half of a
 * life under 10 days, and is tried again every day until it succeeds.
 */
export const overdueShare = 5
/** A fifth of 90 days. Nobody waits longer than that before a certificate that lives for years is looked after. */
export const longestOverdue = 18 * day
/** A certificate that has expired longer ago is no longer in use: its domain leads elsewhere, and nothing can renew it. */
export const abandonedAfter = 7 * day

/** Whether a renewal should have succeeded by now. Unix milliseconds. */
export const isRenewalOverdue = (
  { expiresAt, issuedAt }: { readonly issuedAt: number; readonly expiresAt: number },
  now: number
): boolean => {
  const left = expiresAt - now
  return left < longestOverdue && left > -abandonedAfter && left * overdueShare < expiresAt - issuedAt
}

/** What waits in the database, for operators to see. Reads only, and as many rows as wait. */
export class Backlog extends Context.Tag("ctrl-worker/Backlog")<
  Backlog,
  {
    readonly builds: Effect.Effect<BuildBacklog, DbFailure>
    /** Certificates of which `isRenewalOverdue` is true. */
    readonly overdueRenewals: (now: number) => Effect.Effect<number, DbFailure>
  }
>() {}
