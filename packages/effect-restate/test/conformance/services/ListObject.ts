import { Effect, Option, Schema } from "effect"
import { Contract, implement, stateCell } from "../../../src/index.ts"

const Values = Schema.Array(Schema.String)

export const ListObject = Contract.object("ListObject", {
  append: { input: Schema.String },
  get: { output: Values },
  clear: { output: Values }
})

const list = stateCell("list", Values)

const orEmpty = Option.getOrElse((): typeof Values.Type => [])
const stored = Effect.map(list.get, orEmpty)

export const ListObjectLive = implement(ListObject, {
  append: (value) => list.update((values) => [...orEmpty(values), value]),
  get: () => stored,
  clear: () => Effect.zipLeft(stored, list.clear)
})
