import { Effect, Schema } from "effect"
import { Contract, call, implement, key, send, stateCell } from "../../../src/index.ts"
import { Counter } from "./Counter.ts"

export const NonDeterministic = Contract.object("NonDeterministic", {
  eitherSleepOrCall: {},
  callDifferentMethod: {},
  backgroundInvokeWithDifferentTargets: {},
  setDifferentKey: {}
})

const attempts = new Map<string, number>()

/** Breaks the first rule for workflows: the process decides what the handler does, by the number of its attempts. */
const alternately = <A, E, R, A2, E2, R2>(odd: Effect.Effect<A, E, R>, even: Effect.Effect<A2, E2, R2>) =>
  Effect.flatMap(key, (own): Effect.Effect<A | A2, E | E2, R | R2> => {
    const made = (attempts.get(own) ?? 0) + 1
    attempts.set(own, made)
    return made % 2 === 1 ? odd : even
  })

const pause = Effect.sleep("100 millis")
/** Never reached when the second attempt is refused. */
const count = Effect.flatMap(key, (own) => send(Counter, own, "add", 1))
const get = call(Counter, "abc", "get", undefined)

export const NonDeterministicLive = implement(
  NonDeterministic,
  {
    eitherSleepOrCall: () => Effect.zipRight(alternately(pause, get), Effect.asVoid(count)),
    callDifferentMethod: () =>
      Effect.zipRight(alternately(get, call(Counter, "abc", "reset", undefined)), Effect.asVoid(count)),
    backgroundInvokeWithDifferentTargets: () =>
      alternately(send(Counter, "abc", "get", undefined), send(Counter, "abc", "reset", undefined)).pipe(
        Effect.zipRight(pause),
        Effect.zipRight(count),
        Effect.asVoid
      ),
    setDifferentKey: () =>
      alternately(stateCell("a", Schema.String).set("my-state"), stateCell("b", Schema.String).set("my-state")).pipe(
        Effect.zipRight(pause),
        Effect.zipRight(count),
        Effect.asVoid
      )
  },
  {
    // The runner sets the same for the whole server. A refused attempt ends the invocation, instead of pausing it.
    retry: { maxAttempts: 1, initialInterval: "1 millis" },
    endsWhenExhausted: [
      "eitherSleepOrCall",
      "callDifferentMethod",
      "backgroundInvokeWithDifferentTargets",
      "setDifferentKey"
    ],
    // Every wait suspends, so that there is a second attempt.
    inactivityTimeout: 0
  }
)
