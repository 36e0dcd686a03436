import type { AttemptRetry } from "../restate/Implementation.ts"

/**
 * For every service: a database that fails over or restarts is back within minutes, so attempts go on for about an hour
 * (8 doublings, then one a minute) before the invocation is paused, where an operator finds it with nothing lost.
 */
export const patient: AttemptRetry = {
  initialInterval: "250 millis",
  factor: 2,
  maxInterval: "1 minute",
  maxAttempts: 70
}
