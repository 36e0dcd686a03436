import { Clock, type Duration, Effect } from "effect"
import { type Durable, withAttempt } from "../operations/Durable.ts"
import { drainingAttempt } from "./Attempt.ts"
import { wholeMillis } from "./wholeMillis.ts"

/**
 * Unix milliseconds, journaled. Costs one journal entry per turn of the driver: asking twice without waiting in
 * between gives the same answer and writes nothing.
 */
export const now: Effect.Effect<number, never, Durable> = withAttempt((attempt) => {
  if (attempt.turnMillis !== undefined) return Effect.succeed(attempt.turnMillis)
  return attempt.park(
    () => attempt.journal.now(),
    (completion) => {
      if (!completion.ok) return Effect.die(completion.error)
      // Journal.now is a Pending<number>.
      const millis = completion.value as number
      attempt.turnMillis = millis
      attempt.elapsed.read(millis)
      return Effect.succeed(millis)
    },
    undefined,
    "reading the time"
  )
})

/** A timer that survives crashes and suspensions, in whole milliseconds. Holds no memory in the worker while it waits. */
export const sleep = (duration: Duration.DurationInput, name?: string): Effect.Effect<void, never, Durable> =>
  withAttempt((attempt) => {
    const millis = wholeMillis(duration)
    const firesAt = attempt.elapsed.millis + millis
    return attempt.park(
      () => attempt.journal.sleep(millis, name),
      (completion) => {
        if (!completion.ok) return Effect.die(completion.error)
        attempt.elapsed.reached(firesAt)
        return Effect.void
      },
      undefined,
      name === undefined ? "sleep" : `sleep ${name}`
    )
  })

/**
 * The clock of workflow fibers: `Effect.sleep`, `Schedule`, `Effect.timeout` and `Clock.currentTimeMillis` become
 * durable. `Cache`, `RcMap` and `Pool` read the time without an effect and decide by it, so that reading is the time which has
 * elapsed by the journal. Nanoseconds stay live: Effect stamps spans and measures with them, and nothing is decided by them.
 */
export const durableClock = (live: Clock.Clock): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => drainingAttempt()?.elapsed.millis ?? live.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => live.unsafeCurrentTimeNanos(),
  // The clock is installed for workflow fibers only, which have Durable in their context.
  currentTimeMillis: now as Effect.Effect<number>,
  currentTimeNanos: Effect.map(now as Effect.Effect<number>, (millis) => BigInt(millis) * 1_000_000n),
  sleep: (duration) => sleep(duration) as Effect.Effect<void>
})
