import { Duration } from "effect"
import { minute } from "../../text/millis.ts"

/** From the start of the run. Callers and the dashboard promise a day. */
export const verificationLimit = Duration.hours(24)

const firstDelay = 15_000
const maxDelay = minute
const growth = 1.5

/**
 * Milliseconds from a failed check to the next one: 15 s at first, because most owners wait while they edit their zone,
 * growing to a minute. The last check of a run is at its limit.
 */
export const nextCheckDelay = (failedChecks: number, remaining: number): number =>
  Math.max(0, Math.min(Math.round(firstDelay * growth ** (failedChecks - 1)), maxDelay, remaining))

/** Further reads of a row that was never found, for callers that send before they commit. */
export const missingRowAttempts = 4

/** Between two such reads: 8 s in all, far longer than a commit takes. */
export const missingRowDelay = Duration.seconds(2)

/**
 * After a success the domain is checked once more: a caller that sends first and resets the row afterwards may have
 * reset a verified row.
 */
export const confirmAfter = Duration.minutes(1)
