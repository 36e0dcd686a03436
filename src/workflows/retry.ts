import type { AttemptRetry, StepRetry } from "effect-restate"

/**
 * For every service: what comes back is noticed within ten seconds, and whatever does not come back within an hour (the
 * first 16 s in doubling waits, then every ten seconds) pauses the invocation, where an operator finds it with nothing lost.
 */
export const pauseAfterRetries: AttemptRetry = {
  initialInterval: "250 millis",
  factor: 2,
  maxInterval: "10 seconds",
  maxAttempts: 365
}

const backoff = { initialInterval: "250 millis", factor: 2, maxInterval: "10 seconds" } as const

/**
 * For steps of work that its schedule asks for every day: what is away for less than six hours costs nothing but time. Then the step
 * fails, long before the next firing comes. See `givesUp`.
 */
export const retryForSixHours: StepRetry = { ...backoff, maxDuration: "6 hours" }

/** For one of many things that a run looks at, which are looked at again by the next run: it holds up the others for two minutes at most. */
export const retryForTwoMinutes: StepRetry = { ...backoff, maxDuration: "2 minutes" }
