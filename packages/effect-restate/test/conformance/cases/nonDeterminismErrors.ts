import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, failingCall, freshKey, type It } from "../Caller.ts"

const handlers = ["eitherSleepOrCall", "callDifferentMethod", "backgroundInvokeWithDifferentTargets", "setDifferentKey"]

export const nonDeterminismErrors = (it: It) =>
  describe.concurrent("NonDeterminismErrors", () => {
    for (const handler of handlers)
      it.effect(`method: ${handler} fails where its replay differs, and goes no further`, () =>
        Effect.gen(function* () {
          const key = yield* freshKey
          yield* call(`Counter/${key}/add`, 1)
          const { message } = yield* failingCall(`NonDeterministic/${key}/${handler}`)
          assert.include(message, "mismatch")
          assert.strictEqual(yield* call(`Counter/${key}/get`), 1)
        })
      )
  })
