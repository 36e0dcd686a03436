import type { HeldUp, Invocation } from "./Invocations.ts"

const minute = 60_000

/**
 * How long something may fail, wait for Restate, or be waited for without any progress before a person should know. A
 * database that fails over is back within some minutes; Restate itself pauses after about an hour.
 */
export const patienceMillis = 15 * minute

/**
 * Restate suspends an attempt that is silent for a minute and cuts one that does not end within ten more (its defaults,
 * which no service of this worker changes). An attempt that gets past that without writing to its journal hangs.
 */
export const attemptBoundMillis = 11 * minute

/** Nothing younger can be stuck, so nothing younger needs to be read. */
export const youngestStuckMillis = Math.min(patienceMillis, attemptBoundMillis)

/**
 * `retrying`: failing since a while without a success in between. `silent`: one attempt runs for too long without a sign.
 * `not-started`: due, and Restate has not begun it. `late`: open for longer than its handler ever needs. `holding`:
 * waits, while others wait for its key.
 */
export type StuckReason = "retrying" | "silent" | "not-started" | "late" | "holding"

export interface Stuck {
  readonly invocation: Invocation
  readonly reason: StuckReason
  /** Since when it has been in the way of itself or others. Unix milliseconds. */
  readonly since: number
}

export interface StuckQuestion {
  /** Those that Restate answered with; paused ones are passed over, for they have a count of their own. */
  readonly invocations: ReadonlyArray<Invocation>
  /** How many wait, by the id of who holds their key. */
  readonly waiting: ReadonlyMap<string, number>
  /** How long an invocation may take in all, by `Service/handler`. One that is not named may take for ever. */
  readonly deadlines: ReadonlyMap<string, number>
}

export const waitingByHolder = (heldUp: ReadonlyArray<HeldUp>): ReadonlyMap<string, number> =>
  new Map(heldUp.map(({ holder, waiting }) => [holder, waiting]))

const judge = (
  invocation: Invocation,
  waiting: number,
  deadline: number,
  now: number
): Omit<Stuck, "invocation"> | undefined => {
  const { attemptAt, attempts, dueAt, modifiedAt, startedAt, status } = invocation
  const hasNotMovedFor = now - modifiedAt
  switch (status) {
    case "paused":
    case "pending":
      return undefined
    case "scheduled":
      // However far away its time is: a timer is stuck only when it has passed.
      return dueAt !== null && now - dueAt > patienceMillis ? { reason: "not-started", since: dueAt } : undefined
    case "ready":
      if (hasNotMovedFor > patienceMillis) return { reason: "not-started", since: modifiedAt }
      break
    case "backing-off":
      if (hasNotMovedFor > patienceMillis) return { reason: "retrying", since: modifiedAt }
      break
    case "running": {
      if (attempts > 1 && hasNotMovedFor > patienceMillis) return { reason: "retrying", since: modifiedAt }
      const lastSign = Math.max(modifiedAt, attemptAt ?? modifiedAt)
      if (now - lastSign > attemptBoundMillis) return { reason: "silent", since: lastSign }
      break
    }
    case "suspended":
      if (waiting > 0 && hasNotMovedFor > patienceMillis) return { reason: "holding", since: modifiedAt }
      break
  }
  return startedAt !== null && now - startedAt > deadline ? { reason: "late", since: startedAt + deadline } : undefined
}

/**
 * The invocations that neither move nor wait for a person yet, though they should. What waits for its time, for an answer
 * within its handler's deadline, or behind somebody who moves, is not stuck, however old it is.
 */
export const findStuck = ({ deadlines, invocations, waiting }: StuckQuestion, now: number): ReadonlyArray<Stuck> =>
  invocations.flatMap((invocation) => {
    const deadline = deadlines.get(`${invocation.service}/${invocation.handler}`) ?? Number.POSITIVE_INFINITY
    const verdict = judge(invocation, waiting.get(invocation.id) ?? 0, deadline, now)
    return verdict === undefined ? [] : [{ invocation, ...verdict }]
  })
