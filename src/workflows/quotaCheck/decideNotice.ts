import { Either } from "effect"
import { InvalidRequest } from "../../contract/errors.ts"
import type { QuotaNotice } from "../../services/quotaCheck/Notifier.ts"
import type { WorkspaceQuota } from "../../services/quotaCheck/QuotaStore.ts"

export interface BillingPeriod {
  /** `YYYY-MM`. */
  readonly name: string
  readonly year: number
  /** 1 to 12. */
  readonly month: number
}

/** The billing period in an object's key. */
export const billingPeriod = (key: string): Either.Either<BillingPeriod, InvalidRequest> => {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(key) ?? []
  return year === undefined || month === undefined
    ? Either.left(new InvalidRequest({ field: "key", problem: "must be a month, YYYY-MM" }))
    : Either.right({ name: key, year: Number(year), month: Number(month) })
}

/** Null and zero mean no limit. A quota counts as exceeded once it is used up. */
export const isExceeded = ({ enabled, requestsPerMonth }: WorkspaceQuota, used: number): boolean =>
  enabled && requestsPerMonth !== null && requestsPerMonth > 0 && used >= requestsPerMonth

/** The last notice about a workspace: billing period and Unix seconds. */
export interface LastNotice {
  readonly period: string
  readonly at: number
}

/** Six days and twenty hours: the seventh daily check sends the weekly reminder even when it runs early. */
export const reminderAfterSeconds = 6 * 86_400 + 20 * 3_600

/** The notice that is due, or null. Each billing period starts with a first notice. `now` in Unix seconds. */
export const dueNotice = (period: string, last: LastNotice | null, now: number): QuotaNotice["kind"] | null => {
  if (last === null || last.period !== period) return "first"
  return now - last.at >= reminderAfterSeconds ? "reminder" : null
}
