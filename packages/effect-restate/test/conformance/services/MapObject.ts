import { Effect, Option, Schema } from "effect"
import { Contract, clearAllState, implement, stateCell, stateKeys } from "../../../src/index.ts"

const Entry = Schema.Struct({ key: Schema.String, value: Schema.String })

export const MapObject = Contract.object("MapObject", {
  set: { input: Entry },
  get: { input: Schema.String, output: Schema.String },
  clearAll: { output: Schema.Array(Entry) }
})

/** Each entry is a state of its own. */
const entry = (name: string) => stateCell(name, Schema.String)
const valueOf = (name: string) =>
  Effect.map(
    entry(name).get,
    Option.getOrElse(() => "")
  )

export const MapObjectLive = implement(MapObject, {
  set: ({ key, value }) => entry(key).set(value),
  get: valueOf,
  clearAll: () =>
    Effect.gen(function* () {
      const entries = yield* Effect.forEach(yield* stateKeys, (key) =>
        Effect.map(valueOf(key), (value) => ({ key, value }))
      )
      yield* clearAllState
      return entries
    })
})
