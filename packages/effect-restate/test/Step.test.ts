import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema } from "effect"
import { Contract } from "../src/contract/Contract.ts"
import { implement } from "../src/contract/Implementation.ts"
import { step } from "../src/operations/Step.ts"
import { MemoryRestate } from "../src/testing/MemoryRestate.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { by: Schema.String }) {
  readonly retryable = true as const
}

class Refused extends Schema.TaggedError<Refused>()("Refused", { by: Schema.String }) {}

const Door = Contract.object("Door", {
  Open: { output: Schema.Number, error: Refused, mode: "shared" }
})

describe("a step", () => {
  it.effect("is repeated after a failure that passes with time, also where its schema could journal that failure", () =>
    Effect.gen(function* () {
      const tries = yield* Ref.make(0)
      const knock = Ref.updateAndGet(tries, (made) => made + 1).pipe(
        Effect.filterOrFail(
          (made) => made === 3,
          () => new Busy({ by: "another" })
        )
      )
      const engine = new MemoryRestate()
      yield* engine.serve(
        implement(Door, {
          Open: () =>
            step("knock", knock, { output: Schema.Number, error: Schema.Union(Busy, Refused) }).pipe(
              Effect.catchTag("Busy", ({ by }) => new Refused({ by }))
            )
        })
      )
      assert.strictEqual(yield* engine.call(Door, "front", "Open", undefined), 3)
    })
  )
})
