import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, failingCall, freshKey, type It } from "../Caller.ts"

const metadata = { key1: "value1", key2: "value2" }

const fails = (handler: string, errorMessage: string) =>
  Effect.gen(function* () {
    const { message } = yield* failingCall(`Failing/${yield* freshKey}/${handler}`, { errorMessage })
    assert.include(message, errorMessage)
  })

const failsWithMetadata = (handler: string, errorMessage: string) =>
  Effect.gen(function* () {
    const refusal = yield* failingCall(`Failing/${yield* freshKey}/${handler}`, { errorMessage, metadata })
    assert.include(refusal.message, errorMessage)
    assert.deepInclude(refusal.metadata, metadata)
  })

const thrice = <R>(check: Effect.Effect<void, never, R>) => Effect.repeatN(check, 2)

export const userErrors = (it: It) =>
  describe.concurrent("UserErrors", () => {
    const invoked = fails("terminallyFailingCall", "my error")
    it.effect("invokeTerminallyFailingCall: the caller is told the message", () => invoked)
    it.effect("failSeveralTimes: each time", () => thrice(invoked))
    it.effect("internalCallFailurePropagation: also through another handler", () =>
      fails("callTerminallyFailingCall", "propagated error")
    )
    it.effect("sideEffectWithTerminalError: also of a step", () =>
      fails("terminallyFailingSideEffect", "failed side effect")
    )

    const withMetadata = failsWithMetadata("terminallyFailingCall", "my error with metadata")
    it.effect("invokeTerminallyFailingCallWithMetadata: the caller is told message and metadata", () => withMetadata)
    it.effect("failSeveralTimesWithMetadata: each time", () => thrice(withMetadata))
    it.effect("internalCallFailurePropagationWithMetadata: also through another handler", () =>
      failsWithMetadata("callTerminallyFailingCall", "propagated error with metadata")
    )
    it.effect("sideEffectWithTerminalErrorWithMetadata: also of a step", () =>
      failsWithMetadata("terminallyFailingSideEffect", "failed side effect with metadata")
    )

    it.effect("setStateThenFailShouldPersistState: what was set before the failure stays", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        assert.include((yield* failingCall(`Counter/${key}/addThenFail`, 1)).message, key)
        assert.strictEqual(yield* call(`Counter/${key}/get`), 1)
      })
    )

    it.effect("invocationWithEventualSuccess: an attempt that ends with a defect is repeated until one succeeds", () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* call(`Failing/${yield* freshKey}/failingCallWithEventualSuccess`), 4)
      })
    )
  })
