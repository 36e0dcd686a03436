import { minute } from "../text/millis.ts"
import type { Invocation, KeyHolder } from "./Invocations.ts"

/**
 * How long an invocation may fail, wait for Restate or block others without progress before it is reported. A database failover
 * takes some minutes; Restate pauses an invocation after about an hour.
 */
export const stuckAfterMillis = 15 * minute

/**
 * Restate suspends an attempt after a minute without messages and aborts it ten minutes later (its defaults, which no service
 * of this worker changes). A longer attempt without a journal entry hangs.
 */
export const maxAttemptMillis = 11 * minute

/** The minimum age of a stuck invocation: younger ones need not be read. */
export const minStuckAgeMillis = Math.min(stuckAfterMillis, maxAttemptMillis)

/**
 * `retrying`: fails repeatedly without progress. `silent`: one attempt runs for too long without a journal entry.
 * `not-started`: due, but Restate has not started it. `late`: open for longer than its handler's deadline. `holding`: waits
 * while others wait for its key.
 */
export type StuckReason = "retrying" | "silent" | "not-started" | "late" | "holding"

export interface StuckInvocation {
  readonly invocation: Invocation
  readonly reason: StuckReason
  /** Start of the problem, in Unix milliseconds. */
  readonly since: number
}

export interface StuckInput {
  /** The invocations to check; paused ones are skipped, because they are counted separately. */
  readonly invocations: ReadonlyArray<Invocation>
  /** Number of waiting invocations by the id of the key's holder. */
  readonly waiting: ReadonlyMap<string, number>
  /** Maximum duration of an invocation by `Service/handler`. A handler that is absent has no deadline. */
  readonly deadlines: ReadonlyMap<string, number>
}

export const waitingByHolder = (heldUp: ReadonlyArray<KeyHolder>): ReadonlyMap<string, number> =>
  new Map(heldUp.map(({ holder, waiting }) => [holder, waiting]))

const stuckReasonOf = (
  invocation: Invocation,
  waiting: number,
  deadline: number,
  now: number
): Omit<StuckInvocation, "invocation"> | undefined => {
  const { attemptAt, attempts, dueAt, modifiedAt, startedAt, status } = invocation
  const sinceProgress = now - modifiedAt
  switch (status) {
    case "paused":
    case "pending":
      return undefined
    case "scheduled":
      // A timer in the future is not stuck, however far away.
      return dueAt !== null && now - dueAt > stuckAfterMillis ? { reason: "not-started", since: dueAt } : undefined
    case "ready":
      if (sinceProgress > stuckAfterMillis) return { reason: "not-started", since: modifiedAt }
      break
    case "backing-off":
      if (sinceProgress > stuckAfterMillis) return { reason: "retrying", since: modifiedAt }
      break
    case "running": {
      if (attempts > 1 && sinceProgress > stuckAfterMillis) return { reason: "retrying", since: modifiedAt }
      const lastProgress = Math.max(modifiedAt, attemptAt ?? modifiedAt)
      if (now - lastProgress > maxAttemptMillis) return { reason: "silent", since: lastProgress }
      break
    }
    case "suspended":
      if (waiting > 0 && sinceProgress > stuckAfterMillis) return { reason: "holding", since: modifiedAt }
      break
  }
  return startedAt !== null && now - startedAt > deadline ? { reason: "late", since: startedAt + deadline } : undefined
}

/**
 * Finds the invocations that make no progress although they should, and are not paused. An invocation is not stuck while it
 * waits for its start time, for a response within its handler's deadline, or for a key whose holder makes progress.
 */
export const findStuck = (
  { deadlines, invocations, waiting }: StuckInput,
  now: number
): ReadonlyArray<StuckInvocation> =>
  invocations.flatMap((invocation) => {
    const deadline = deadlines.get(`${invocation.service}/${invocation.handler}`) ?? Number.POSITIVE_INFINITY
    const stuck = stuckReasonOf(invocation, waiting.get(invocation.id) ?? 0, deadline, now)
    return stuck === undefined ? [] : [{ invocation, ...stuck }]
  })
