import { Effect, Schema } from "effect"

/** A wait that is longer than an invocation may hold the domain's key: it goes on in a later one. */
export class WaitTooLong extends Schema.TaggedError<WaitTooLong>()("Postponed", { until: Schema.Number }) {}

/** An invocation waits inside itself for at most this long in all, and this long at once. */
const maxWaitPerInvocation = 60_000
const maxSingleWait = 15_000

/** The waits of one invocation. A replay counts them again, in the same order. */
export interface WaitBudget {
  /** Waits from `at`, or fails with `Postponed`. Milliseconds. */
  readonly wait: (millis: number, at: number) => Effect.Effect<void, WaitTooLong>
}

export const makeWaitBudget = (): WaitBudget => {
  let left = maxWaitPerInvocation
  return {
    wait: (millis, at) =>
      Effect.suspend(() => {
        if (millis > maxSingleWait || millis > left) return new WaitTooLong({ until: at + millis })
        left -= millis
        return Effect.sleep(millis)
      })
  }
}
