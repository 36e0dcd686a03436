import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { RestateClient } from "../../../../../test/support/stack/Restate.ts"
import { call, eventually, freshKey, type It, send } from "../Caller.ts"

export const killInvocation = (it: It) =>
  describe.concurrent("KillInvocation", () => {
    it.effect("kill: ends the invocation and those it called, and frees their keys", () =>
      Effect.gen(function* () {
        const client = yield* RestateClient
        const key = yield* freshKey
        const id = yield* send(`KillTestRunner/${key}/startCallTree`)
        yield* eventually(
          Effect.map(call(`AwakeableHolder/${key}/hasAwakeable`), (has) => assert.strictEqual(has, true))
        )
        yield* call(`AwakeableHolder/${key}/unlock`, "cancel")
        yield* eventually(client.kill(id))
        yield* eventually(Effect.timeout(call(`KillTestSingleton/${key}/isUnlocked`), "2 seconds"))
      })
    )
  })
