import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, freshKey, type It } from "../Caller.ts"

/** For a server that suspends at every wait. */
export const runFlush = (it: It) =>
  describe.concurrent("RunFlush", () => {
    it.effect("flush: each step is acknowledged before the handler goes on", () =>
      Effect.map(call("TestUtilsService/countExecutedSideEffects", 3), (ofLastAttempt) =>
        assert.strictEqual(ofLastAttempt, 0)
      )
    )
  })

const attemptsOf = (handler: string, input: number) =>
  Effect.gen(function* () {
    const attempts = yield* call(`Failing/${yield* freshKey}/${handler}`, input)
    assert.isNumber(attempts)
    return Number(attempts)
  })

export const runRetry = (it: It) =>
  describe.concurrent("RunRetry", () => {
    it.effect("withSuccess: a step is repeated until it succeeds", () =>
      Effect.map(attemptsOf("sideEffectSucceedsAfterGivenAttempts", 3), (made) => assert.isAtLeast(made, 3))
    )

    it.effect("executedOnlyOnce: a step whose policy allows one attempt fails with it", () =>
      Effect.map(attemptsOf("sideEffectFailsAfterGivenAttempts", 1), (made) => assert.isAtLeast(made, 1))
    )

    it.effect("withExhaustedAttempts: a step is repeated until its policy is exhausted", () =>
      Effect.map(attemptsOf("sideEffectFailsAfterGivenAttempts", 3), (made) => assert.isAtLeast(made, 3))
    )
  })
