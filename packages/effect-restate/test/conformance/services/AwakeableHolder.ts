import { Effect, Option, Schema } from "effect"
import { Contract, implement, resolveAwakeable, stateCell } from "../../../src/index.ts"
import { Terminal } from "./Terminal.ts"

export const AwakeableHolder = Contract.object("AwakeableHolder", {
  hold: { input: Schema.String },
  hasAwakeable: { output: Schema.Boolean },
  unlock: { input: Schema.String, error: Terminal }
})

const held = stateCell("id", Schema.String)

export const AwakeableHolderLive = implement(AwakeableHolder, {
  hold: (id) => held.set(id),
  hasAwakeable: () => Effect.map(held.get, Option.isSome),
  unlock: (payload) =>
    Effect.gen(function* () {
      const id = yield* Effect.flatten(held.get).pipe(
        Effect.catchTag("NoSuchElementException", () => new Terminal({ reason: "no awakeable is registered" }))
      )
      yield* resolveAwakeable(id, Schema.String, payload)
      yield* held.clear
    })
})
