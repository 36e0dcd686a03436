import type { AttemptRetry } from "../restate/Implementation.ts"

/**
 * For every service: what comes back is noticed within ten seconds, and whatever does not come back within an hour (the
 * first 16 s in doubling waits, then every ten seconds) pauses the invocation, where an operator finds it with nothing lost.
 */
export const patient: AttemptRetry = {
  initialInterval: "250 millis",
  factor: 2,
  maxInterval: "10 seconds",
  maxAttempts: 365
}
