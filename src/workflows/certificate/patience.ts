import { Effect, Schema } from "effect"

/** A wait that is longer than an invocation may hold the domain's key: it goes on in a later one. */
export class Postponed extends Schema.TaggedError<Postponed>()("Postponed", { until: Schema.Number }) {}

/** An invocation waits inside itself for at most this long in all, and this long at once. */
const longestStay = 60_000
const longestPause = 15_000

/** The waits of one invocation. A replay counts them again, in the same order. */
export interface Patience {
  /** Waits from `at`, or fails with `Postponed`. Milliseconds. */
  readonly pause: (millis: number, at: number) => Effect.Effect<void, Postponed>
}

export const makePatience = (): Patience => {
  let left = longestStay
  return {
    pause: (millis, at) =>
      Effect.suspend(() => {
        if (millis > longestPause || millis > left) return new Postponed({ until: at + millis })
        left -= millis
        return Effect.sleep(millis)
      })
  }
}
