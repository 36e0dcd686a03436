import { Effect } from "effect"
import { seedKey } from "../../support/memory/keySeeds.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import type { Story } from "../../support/workflows/Story.ts"
import {
  refillProgress,
  runRefill,
  submitRefill,
  type UpkeepDoubles,
  withUpkeep
} from "../../support/workflows/Upkeep.ts"

/** A request that is delivered twice looks through all keys twice, each delivery with times and a count of its own. */
const pairs = { pairs: 60 }

const fiveKeys = Effect.forEach([1, 2, 3, 4, 5], (nth) => seedKey(`key_${nth}`))

export const keyRefillStories: Readonly<Record<string, Story<UpkeepDoubles>>> = {
  RunRefill: { run: Effect.zipRight(fiveKeys, runRefill("2026-02-28")), world: withUpkeep(), matrix: pairs },
  "RunRefill in several slices": {
    run: Effect.zipRight(
      Effect.forEach(
        Array.from({ length: 30 }, (_, nth) => nth),
        (nth) => seedKey(`key_${nth}`)
      ),
      runRefill("2026-02-28")
    ),
    world: withUpkeep({ batchSize: 1 }),
    matrix: {}
  },
  "RunRefill without a monitor": {
    run: Effect.zipRight(fiveKeys, runRefill("2026-02-28")),
    world: withUpkeep({ isMonitorAway: true }),
    matrix: {}
  },
  "RunRefill again, after a key was used up": {
    run: Effect.gen(function* () {
      const world = yield* World
      yield* fiveKeys
      const { engine } = yield* ControlPlane
      const first = yield* runRefill("2026-02-28")
      yield* world.update("keys", { id: "key_3" }, { remaining_requests: 0 })
      yield* engine.advance("1 second")
      return [first, yield* runRefill("2026-02-28"), yield* runRefill("2026-02-28-again")]
    }),
    world: withUpkeep(),
    // The second delivery of the first request may come after the key was used up, and times differ.
    matrix: {}
  },
  "RunRefill where the Go worker stopped": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* fiveKeys
      engine.setState("hydra.v1.KeyRefillService", "2026-02-28", "processed_keys", { key_2: true })
      return yield* runRefill("2026-02-28")
    }),
    world: withUpkeep(),
    matrix: pairs
  },
  "Progress of a refill": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* fiveKeys
      yield* engine.result(yield* submitRefill("2026-02-28"))
      return yield* refillProgress("2026-02-28")
    }),
    world: withUpkeep(),
    matrix: pairs
  }
}
