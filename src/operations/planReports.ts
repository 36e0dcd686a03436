import { hour } from "../text/millis.ts"
import type { Invocation } from "./Invocations.ts"
import type { BlockReason } from "./remediationFor.ts"

/** An invocation that needs an operator. */
export interface BlockedInvocation {
  readonly invocation: Invocation
  readonly trouble: BlockReason
  /** Unix milliseconds. */
  readonly since: number
  /** Number of invocations that wait for its key. */
  readonly waiting: number
}

/** The last report of an invocation, so that it is not logged on each poll. */
export interface PastReport {
  readonly blocked: BlockedInvocation
  /** Unix milliseconds. */
  readonly reportedAt: number
}
export type ReportHistory = ReadonlyMap<string, PastReport>

export interface ReportPlan {
  /** Invocations to report now: found for the first time, for another reason than before, or last reported an hour ago. */
  readonly toReport: ReadonlyArray<BlockedInvocation>
  /** Invocations that are no longer blocked. */
  readonly recovered: ReadonlyArray<BlockedInvocation>
  readonly history: ReportHistory
}

export const repeatMillis = hour

/**
 * Decides what to report after one poll. `isComplete` is false if the poll did not return all invocations: a missing one may
 * still be blocked, so none counts as recovered.
 */
export const planReports = (
  history: ReportHistory,
  found: ReadonlyArray<BlockedInvocation>,
  now: number,
  isComplete: boolean
): ReportPlan => {
  const current = new Map(found.map((blocked) => [blocked.invocation.id, blocked]))
  const toReport = [...current.values()].filter(({ invocation, trouble }) => {
    const before = history.get(invocation.id)
    return before === undefined || before.blocked.trouble !== trouble || now - before.reportedAt >= repeatMillis
  })
  const reported = new Set(toReport)
  const gone = [...history].filter(([id]) => !current.has(id))
  return {
    toReport,
    recovered: isComplete ? gone.map(([, { blocked }]) => blocked) : [],
    history: new Map([
      ...(isComplete ? [] : gone),
      ...[...current].map(([id, blocked]): [string, PastReport] => [
        id,
        { blocked, reportedAt: reported.has(blocked) ? now : (history.get(id)?.reportedAt ?? now) }
      ])
    ])
  }
}
