import { Effect, Option, Schema } from "effect"
import { max } from "effect/BigInt"
import { key, stateCell } from "effect-restate"
import { RegionStore } from "../../services/deploy/RegionStore.ts"
import { databaseStep } from "../databaseStep.ts"

/** The highest used version, stored as the plain JSON number that the Go worker reads and writes. */
const counter = stateCell("version", Schema.BigIntFromNumber)

/** The highest used version: a Go worker raises the counter alone, and changes are committed before they raise it. */
export const currentVersion = Effect.gen(function* () {
  const regions = yield* RegionStore
  const region = yield* key
  const stored = yield* counter.get
  const highest = yield* databaseStep("read-highest-version", regions.maxVersion(region), { output: Schema.BigInt })
  return Option.match(stored, { onNone: () => highest, onSome: (version) => max(version, highest) })
})

export const raiseCounter = (version: bigint) =>
  Effect.gen(function* () {
    const stored = yield* counter.get
    if (Option.isNone(stored) || stored.value < version) yield* counter.set(version)
  })
