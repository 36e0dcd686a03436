import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { call, eventually, freshKey, type It } from "../Caller.ts"
import { kinds } from "../services/interpreter/programs.ts"

/** Each command once; those that promise something are awaited, but the last one. */
const program = {
  commands: [
    { kind: kinds.callService },
    { kind: kinds.callSlowService, sleep: 20 },
    { kind: kinds.recoverTerminalCallMaybeUnAwaited },
    { kind: kinds.resolveAwakeable },
    { kind: kinds.rejectAwakeable },
    { kind: kinds.callObject, key: 1, program: { commands: [{ kind: kinds.incrementStateCounter }] } },
    { kind: kinds.setState, key: 1 },
    { kind: kinds.getState, key: 1 },
    { kind: kinds.clearState, key: 1 },
    { kind: kinds.incrementStateCounter },
    { kind: kinds.incrementStateCounterIndirectly },
    { kind: kinds.incrementViaDelayedCall, duration: 20 },
    { kind: kinds.incrementStateCounterViaAwakeable },
    { kind: kinds.sleep, duration: 20 },
    { kind: kinds.sideEffect },
    { kind: kinds.throwingSideEffect },
    { kind: kinds.slowSideEffect },
    { kind: kinds.recoverTerminalCall },
    ...[4, 3, 2, 1, 0, 5].map((index) => ({ kind: kinds.awaitPromise, index })),
    { kind: kinds.recoverTerminalCallMaybeUnAwaited }
  ]
}

/** What the suite's verification runner checks after its random programs: every increment has arrived, once. */
export const interpreter = (it: It) =>
  describe.concurrent("ObjectInterpreter", () => {
    it.effect("a program of all commands ends, and each of its increments counts once", () =>
      Effect.gen(function* () {
        const key = yield* freshKey
        const before = Number(yield* call("ObjectInterpreterL1/1/counter"))
        yield* call(`ObjectInterpreterL0/${key}/interpret`, program)
        yield* eventually(
          Effect.map(call(`ObjectInterpreterL0/${key}/counter`), (count) => assert.strictEqual(count, 4))
        )
        assert.strictEqual(yield* call("ObjectInterpreterL1/1/counter"), before + 1)
      })
    )
  })
