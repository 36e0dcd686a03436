import { PauseError, RetryableError, TerminalError } from "@restatedev/restate-sdk"
import { Duration } from "effect"
import type { RunOptions } from "../attempt/Journal.ts"
import { retryAfterMillis } from "../attempt/retryAfter.ts"
import type { AttemptRetry } from "../contract/AttemptRetry.ts"

/** What the server does about something that failed. */
export type Verdict =
  | { readonly _tag: "Retry"; readonly afterMillis: number }
  | { readonly _tag: "Pause" }
  | { readonly _tag: "GiveUp" }
  | { readonly _tag: "Final"; readonly error: TerminalError }

/** Restate's defaults for an attempt: 500 ms, doubled up to 1 min, 70 attempts, then pause. */
const attemptDefaults = { initialInterval: 500, factor: 2, maxInterval: 60_000, maxAttempts: 70 }

/** After the n-th attempt of an invocation that ended with an error. `GiveUp`: it ends as failed. */
export const afterFailedAttempt = (policy: AttemptRetry, failures: number, endsWhenExhausted: boolean): Verdict => {
  const { factor, initialInterval, maxAttempts, maxInterval } = { ...attemptDefaults, ...policy }
  if (failures >= maxAttempts) return { _tag: endsWhenExhausted ? "GiveUp" : "Pause" }
  const wait = Duration.toMillis(initialInterval) * factor ** (failures - 1)
  return { _tag: "Retry", afterMillis: Math.min(wait, Duration.toMillis(maxInterval)) }
}

/** After the n-th execution of a step that ended with an error. None: the attempt's policy decides, as the step has none. */
export const afterFailedRun = (
  options: RunOptions,
  error: unknown,
  failed: { readonly times: number; readonly sinceMillis: number }
): Verdict | undefined => {
  if (error instanceof TerminalError) return { _tag: "Final", error }
  if (error instanceof PauseError) return { _tag: "Pause" }
  const { factor = 2, initialIntervalMillis, maxAttempts, maxDurationMillis, maxIntervalMillis = 10_000 } = options
  if (initialIntervalMillis === undefined) return undefined
  const exhausted =
    failed.times >= (maxAttempts ?? Number.POSITIVE_INFINITY) ||
    failed.sinceMillis >= (maxDurationMillis ?? Number.POSITIVE_INFINITY)
  if (exhausted) return { _tag: "GiveUp" }
  const asked = error instanceof RetryableError ? retryAfterMillis(error) : undefined
  const wait = Math.min(initialIntervalMillis * factor ** (failed.times - 1), maxIntervalMillis)
  return { _tag: "Retry", afterMillis: asked ?? wait }
}
