import { Either } from "effect"
import { InvalidRequest } from "../../contract/errors.ts"
import type { QuotaNotice } from "../../services/Notifier.ts"
import type { WorkspaceQuota } from "../../services/QuotaStore.ts"

export interface BillingPeriod {
  /** `YYYY-MM`. */
  readonly name: string
  readonly year: number
  /** 1 to 12. */
  readonly month: number
}

/** The billing period that an object's key names. */
export const billingPeriod = (key: string): Either.Either<BillingPeriod, InvalidRequest> => {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(key) ?? []
  return year === undefined || month === undefined
    ? Either.left(new InvalidRequest({ field: "key", problem: "must be a month, YYYY-MM" }))
    : Either.right({ name: key, year: Number(year), month: Number(month) })
}

/** A quota that counts is positive: none and zero are no limit. A quota that is just used up is exceeded. */
export const isExceeded = ({ enabled, requestsPerMonth }: WorkspaceQuota, used: number): boolean =>
  enabled && requestsPerMonth !== null && requestsPerMonth > 0 && used >= requestsPerMonth

/** When a workspace was last told about: the period, and Unix seconds. */
export interface LastNotice {
  readonly period: string
  readonly at: number
}

/** Six days and twenty hours: a weekly reminder comes with the seventh daily check even when that one is early. */
export const reminderAfterSeconds = 6 * 86_400 + 20 * 3_600

/** What to say now, if anything. Each billing period begins with a first notice. `now` in Unix seconds. */
export const dueNotice = (period: string, last: LastNotice | null, now: number): QuotaNotice["kind"] | null => {
  if (last === null || last.period !== period) return "first"
  return now - last.at >= reminderAfterSeconds ? "reminder" : null
}
