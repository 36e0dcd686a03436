import { PauseError, RetryableError } from "@restatedev/restate-sdk"
import { Cause, Clock, Context, Effect } from "effect"
import type { AttemptRetry } from "../contract/AttemptRetry.ts"
import type { Attempt } from "./Attempt.ts"
import { publicReason } from "./Defect.ts"
import { errorTypeOf } from "./errorType.ts"
import { nextRetryMillis } from "./FailedRuns.ts"
import { retryAfterMillis } from "./retryAfter.ts"
import { logLive } from "./Telemetry.ts"

const delayMillis = (error: unknown, retry: AttemptRetry, attempt: number): number | undefined => {
  if (error instanceof PauseError) return undefined
  const asked = error instanceof RetryableError ? retryAfterMillis(error) : undefined
  return asked ?? nextRetryMillis(retry, attempt)
}

/**
 * Logs that a step's body failed and is to run again, on attempts 1, 2, 4, 8 and so on and on the last one: `A step failed` at level warn, or for a
 * defect `A step ended with a defect` at level error with its `cause`. Fields are `step`, `error.type`, `reason` as Restate
 * keeps it, `attempt`, and `next_retry_at` where the policy is the program's own. An attempt is counted by this process: others
 * may have seen more, and then the next run is later than that.
 */
export const reportFailedRun = (
  attempt: Attempt,
  step: string,
  policy: AttemptRetry | undefined,
  cause: Cause.Cause<unknown>
): void => {
  const { handler, journal } = attempt
  const error = Cause.squash(cause)
  const type = errorTypeOf(cause) ?? "interrupted"
  const run = handler.failedRuns.failed(journal.invocationId, step, type)
  const isLast = policy?.maxAttempts !== undefined && run.attempt >= policy.maxAttempts
  if (isLast) handler.failedRuns.ended(journal.invocationId, step)
  if (!run.isDue && !isLast) return
  const delay = delayMillis(error, policy ?? handler.retry, run.attempt)
  const now = Context.get(handler.liveServices, Clock.Clock).unsafeCurrentTimeMillis()
  // Errors of the SDK ask for a retry or a pause: the program expects them.
  const isExpected = Cause.isFailure(cause) || error instanceof RetryableError || error instanceof PauseError
  logLive(
    attempt,
    isExpected ? Effect.logWarning("A step failed") : Effect.logError("A step ended with a defect", cause),
    {
      step,
      "error.type": type,
      reason: publicReason(error),
      attempt: run.attempt,
      ...(delay === undefined ? {} : { next_retry_at: new Date(now + delay).toISOString() })
    }
  )
}
