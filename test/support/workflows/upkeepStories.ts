import { Effect } from "effect"
import { seedKey } from "../memory/keySeeds.ts"
import { World } from "../memory/World.ts"
import { ControlPlane } from "./ControlPlane.ts"
import type { Story } from "./stories.ts"
import { refillProgress, runRefill, submitRefill, type Upkeep, withUpkeep } from "./Upkeep.ts"

const thorough = { duplicates: true, pairs: 60 }

const fiveKeys = Effect.forEach([1, 2, 3, 4, 5], (nth) => seedKey(`key_${nth}`))

export const keyRefillStories: Readonly<Record<string, Story<Upkeep>>> = {
  RunRefill: { run: Effect.zipRight(fiveKeys, runRefill("2026-02-28")), world: withUpkeep(), matrix: thorough },
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
      const first = yield* runRefill("2026-02-28")
      yield* world.update("keys", { id: "key_3" }, { remaining_requests: 0 })
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
    matrix: thorough
  },
  "Progress of a refill": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* fiveKeys
      yield* engine.result(yield* submitRefill("2026-02-28"))
      return yield* refillProgress("2026-02-28")
    }),
    world: withUpkeep(),
    matrix: thorough
  }
}
