import { type Effect, Random } from "effect"
import { withAttempt } from "../operations/Durable.ts"

// Installed for workflow fibers only, which have Durable in their context.
const seeded = <A>(use: (random: Random.Random) => Effect.Effect<A>): Effect.Effect<A> =>
  withAttempt((attempt) => use(attempt.random)) as Effect.Effect<A>

/** `Random` of workflow fibers: seeded by the invocation, so a replay draws the same numbers. Never for secrets. */
export const durableRandom: Random.Random = {
  [Random.RandomTypeId]: Random.RandomTypeId,
  next: seeded((random) => random.next),
  nextBoolean: seeded((random) => random.nextBoolean),
  nextInt: seeded((random) => random.nextInt),
  nextRange: (min, max) => seeded((random) => random.nextRange(min, max)),
  nextIntBetween: (min, max) => seeded((random) => random.nextIntBetween(min, max)),
  shuffle: (elements) => seeded((random) => random.shuffle(elements))
}
