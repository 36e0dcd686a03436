import type { Duration } from "effect"

/**
 * How often Restate repeats an attempt that ended with a defect. It counts until the invocation is suspended, whatever progress is
 * made in between. Then it pauses the invocation for a person: nothing could compensate.
 */
export interface AttemptRetry {
  readonly initialInterval?: Duration.DurationInput
  readonly maxInterval?: Duration.DurationInput
  readonly factor?: number
  readonly maxAttempts?: number
}
