import { Effect, Schema } from "effect"
import { minute } from "../../text/millis.ts"

/** The wait is longer than an invocation may hold the domain's key: a later invocation continues. */
export class WaitTooLong extends Schema.TaggedError<WaitTooLong>()("Postponed", { until: Schema.Number }) {}

/** Milliseconds: all waits of one invocation together, and a single wait. */
const maxWaitPerInvocation = minute
const maxSingleWait = 15_000

/** The waits of one invocation. Deterministic: a replay counts them again, in the same order. */
export interface WaitBudget {
  /** Sleeps for `millis`, counted from `at`, or fails with `WaitTooLong`. Milliseconds. */
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
