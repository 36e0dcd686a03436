import { Clock, Effect } from "effect"

const realClock = Clock.make()

/** Runs an effect in real time, also in a test with virtual time. */
export const inRealTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(effect, realClock)
