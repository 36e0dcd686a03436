import { Effect, Option, Schema } from "effect"
import { Contract, implement, key, stateCell } from "../../../src/index.ts"
import { Terminal } from "./Terminal.ts"

const Updated = Schema.Struct({ oldValue: Schema.Number, newValue: Schema.Number })

export const Counter = Contract.object("Counter", {
  add: { input: Schema.Number, output: Updated },
  addThenFail: { input: Schema.Number, error: Terminal },
  get: { output: Schema.Number, mode: "shared" },
  reset: {}
})

const count = stateCell("counter", Schema.Number)

const orZero = Option.getOrElse(() => 0)

const add = (value: number) =>
  count.modify((stored) => {
    const oldValue = orZero(stored)
    const newValue = oldValue + value
    return [{ oldValue, newValue }, newValue]
  })

export const CounterLive = implement(Counter, {
  add,
  addThenFail: (value) =>
    Effect.gen(function* () {
      yield* add(value)
      return yield* new Terminal({ reason: yield* key })
    }),
  get: () => Effect.map(count.get, orZero),
  reset: () => count.clear
})
