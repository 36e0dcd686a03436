import { Effect, Option, Schema } from "effect"
import { Contract, implement, stateCell } from "effect-restate"

/** One count per key. */
export const Counter = Contract.object("Counter", {
  Add: { input: Schema.Number, output: Schema.Number },
  /** Runs beside `Add` and only reads. */
  Get: { output: Schema.Number, mode: "shared" },
  Reset: {}
})

const count = stateCell("count", Schema.Number)

const current = Effect.map(count.get, (stored) => Option.getOrElse(stored, () => 0))

export const CounterLive = implement(Counter, {
  Add: (by) =>
    Effect.gen(function* () {
      const sum = (yield* current) + by
      yield* count.set(sum)
      return sum
    }),
  Get: () => current,
  Reset: () => count.clear
})
