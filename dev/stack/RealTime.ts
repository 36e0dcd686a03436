import { Clock, Effect } from "effect"

const realClock = Clock.make()

/** Processes start and stop in real time, also for a test that runs on virtual time. */
export const inRealTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(effect, realClock)
