import type { RetryableError } from "@restatedev/restate-sdk"
import { Duration } from "effect"

/** Milliseconds after which the error asks for the next execution of its step. Undefined: the step's policy decides. */
export const retryAfterMillis = ({ retryAfter }: RetryableError): number | undefined => {
  if (retryAfter === undefined || typeof retryAfter === "number") return retryAfter
  const { days = 0, hours = 0, milliseconds = 0, minutes = 0, seconds = 0 } = retryAfter
  return Duration.toMillis(Duration.days(days)) + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + milliseconds
}
