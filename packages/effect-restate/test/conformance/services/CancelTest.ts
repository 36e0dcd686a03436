import { Effect, Option, Schema } from "effect"
import { awakeable, Contract, call, cancellable, implement, key, stateCell } from "../../../src/index.ts"
import { AwakeableHolder } from "./AwakeableHolder.ts"

const BlockingOperation = Schema.Literal("CALL", "SLEEP", "AWAKEABLE")

export const CancelTestRunner = Contract.object("CancelTestRunner", {
  startTest: { input: BlockingOperation },
  verifyTest: { output: Schema.Boolean }
})

export const CancelTestBlockingService = Contract.object("CancelTestBlockingService", {
  block: { input: BlockingOperation },
  isUnlocked: {}
})

const canceled = stateCell("canceled", Schema.Boolean)

export const CancelTestRunnerLive = implement(CancelTestRunner, {
  startTest: (operation) =>
    Effect.gen(function* () {
      const own = yield* key
      yield* cancellable(call(CancelTestBlockingService, own, "block", operation)).pipe(
        Effect.catchTag("Cancelled", () => canceled.set(true))
      )
    }),
  verifyTest: () =>
    Effect.map(
      canceled.get,
      Option.getOrElse(() => false)
    )
})

export const CancelTestBlockingServiceLive = implement(CancelTestBlockingService, {
  block: (operation) =>
    Effect.gen(function* () {
      const own = yield* key
      const { id, result } = yield* awakeable(Schema.String)
      yield* call(AwakeableHolder, own, "hold", id)
      yield* result
      switch (operation) {
        // Waits for its own key.
        case "CALL":
          return yield* call(CancelTestBlockingService, own, "block", operation)
        case "SLEEP":
          return yield* Effect.sleep(1_000_000_000)
        case "AWAKEABLE":
          return yield* Effect.asVoid((yield* awakeable(Schema.String)).result)
      }
    }),
  isUnlocked: () => Effect.void
})
