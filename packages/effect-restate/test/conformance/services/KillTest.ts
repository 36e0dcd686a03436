import { Effect, Schema } from "effect"
import { awakeable, Contract, call, implement, key, send } from "../../../src/index.ts"
import { AwakeableHolder } from "./AwakeableHolder.ts"

export const KillTestRunner = Contract.object("KillTestRunner", { startCallTree: {} })

export const KillTestSingleton = Contract.object("KillTestSingleton", { recursiveCall: {}, isUnlocked: {} })

export const KillTestRunnerLive = implement(KillTestRunner, {
  startCallTree: () => Effect.flatMap(key, (own) => call(KillTestSingleton, own, "recursiveCall", undefined))
})

export const KillTestSingletonLive = implement(KillTestSingleton, {
  recursiveCall: () =>
    Effect.gen(function* () {
      const own = yield* key
      const { id, result } = yield* awakeable(Schema.String)
      yield* send(AwakeableHolder, own, "hold", id)
      yield* result
      // Waits for its own key, for ever.
      yield* call(KillTestSingleton, own, "recursiveCall", undefined)
    }),
  isUnlocked: () => Effect.void
})
