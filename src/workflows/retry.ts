import type { AttemptRetry, StepRetry } from "effect-restate"

/**
 * The policy of every service: retries for about an hour (doubling for the first 16 s, then every ten seconds), then
 * pauses the invocation for an operator. A paused invocation loses nothing.
 */
export const pauseAfterRetries: AttemptRetry = {
  initialInterval: "250 millis",
  factor: 2,
  maxInterval: "10 seconds",
  maxAttempts: 365
}

const backoff = { initialInterval: "250 millis", factor: 2, maxInterval: "10 seconds" } as const

/**
 * For steps of daily scheduled work: an outage below six hours only delays it. Then the step fails, long before the
 * next firing. See `giveUpOnFailure`.
 */
export const retryForSixHours: StepRetry = { ...backoff, maxDuration: "6 hours" }

/** For one of many items of a run that the next run checks again: it delays the other items by at most two minutes. */
export const retryForTwoMinutes: StepRetry = { ...backoff, maxDuration: "2 minutes" }
