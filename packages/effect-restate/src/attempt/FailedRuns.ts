import { Duration } from "effect"
import type { AttemptRetry } from "../contract/AttemptRetry.ts"

/** A step's failed runs in a row, as far as this process has seen them. */
export interface FailedRun {
  /** Counts from 1. Runs on other processes, and before a restart of this one, are not among them. */
  readonly attempt: number
  /** Whether a log line is due: on attempts 1, 2, 4, 8 and so on, and when the type of the error is another than before. */
  readonly isDue: boolean
}

interface Seen {
  readonly attempt: number
  readonly type: string
}

/** Steps in retries at a time, far more than a process has; beyond it the oldest begins anew. */
const maxSteps = 10_000

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0

/**
 * Counts how often steps have failed in a row. Restate counts attempts too, but tells them to nothing above its protocol; and a
 * count of this process is enough to log less and less of a failure that goes on.
 */
export class FailedRuns {
  readonly #seen = new Map<string, Seen>()

  failed(invocation: string, step: string, type: string): FailedRun {
    const id = idOf(invocation, step)
    const before = this.#seen.get(id)
    const attempt = (before?.attempt ?? 0) + 1
    // Moved to the end: those that fail now stay.
    this.#seen.delete(id)
    this.#seen.set(id, { attempt, type })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > maxSteps && oldest !== undefined) this.#seen.delete(oldest)
    return { attempt, isDue: isPowerOfTwo(attempt) || before?.type !== type }
  }

  /** The step is over: what it failed with before does not count any more. */
  ended(invocation: string, step: string): void {
    if (this.#seen.size > 0) this.#seen.delete(idOf(invocation, step))
  }
}

/** A date that far away can still be written. */
const longestWait = Duration.days(365)

const idOf = (invocation: string, step: string): string => `${invocation} ${step}`

/** Milliseconds until Restate runs the step again, after this many attempts. Undefined where the server's own policy decides, or none follows. */
export const nextRetryMillis = (retry: AttemptRetry, attempt: number): number | undefined => {
  const { factor = 2, initialInterval, maxAttempts = Number.POSITIVE_INFINITY, maxInterval } = retry
  if (initialInterval === undefined || attempt >= maxAttempts) return undefined
  const exponential = Duration.toMillis(initialInterval) * factor ** (attempt - 1)
  return Math.min(exponential, Duration.toMillis(maxInterval ?? longestWait))
}
