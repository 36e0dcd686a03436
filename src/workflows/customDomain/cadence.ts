import { Duration } from "effect"

/** From the start of the run, whatever happened before it; callers and the dashboard promise a day. */
export const verificationLimit = Duration.hours(24)

const firstPause = 15_000
const longestPause = 60_000
const growth = 1.5

/**
 * Milliseconds from a check that failed to the next one: 15 s at first, because most owners watch while they edit their
 * zone, growing to a minute. The last check of a run falls on its limit.
 */
export const pauseAfter = (failedChecks: number, remaining: number): number =>
  Math.max(0, Math.min(Math.round(firstPause * growth ** (failedChecks - 1)), longestPause, remaining))

/** How often a run that never saw its row looks for it again: who sends first and commits later needs a moment. */
export const looksForMissingRow = 4

/** Between two such looks: 8 s in all, far longer than a commit takes. */
export const pauseForMissingRow = Duration.seconds(2)

/**
 * After a success the domain is looked at once more: a caller who sends first and resets the row afterwards may have reset
 * one that was verified in between.
 */
export const confirmAfter = Duration.minutes(1)
