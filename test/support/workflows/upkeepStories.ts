import { Effect } from "effect"
import { NotificationFailed } from "../../../src/services/quotaCheck/Notifier.ts"
import { seedKey } from "../memory/keySeeds.ts"
import { MemoryUsage } from "../memory/MemoryUsage.ts"
import { seedWorkspace } from "../memory/quotaSeeds.ts"
import { World } from "../memory/World.ts"
import { ControlPlane } from "./ControlPlane.ts"
import type { Story } from "./stories.ts"
import { refillProgress, runCheck, runRefill, submitRefill, type UpkeepDoubles, withUpkeep } from "./Upkeep.ts"

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

const exceeding = Effect.gen(function* () {
  const usage = yield* MemoryUsage
  for (const id of ["ws_a", "ws_b", "ws_c"]) {
    yield* seedWorkspace(id, id === "ws_b" ? 5000 : 1000)
    usage.use(2030, 1, id, 2000)
  }
})

export const quotaCheckStories: Readonly<Record<string, Story<UpkeepDoubles>>> = {
  RunCheck: { run: Effect.zipRight(exceeding, runCheck("2030-01")), world: withUpkeep(), matrix: {} },
  "RunCheck that reminds": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* exceeding
      const first = yield* runCheck("2030-01")
      yield* engine.advance("7 days")
      return [first, yield* runCheck("2030-01")]
    }),
    world: withUpkeep(),
    matrix: {}
  },
  "RunCheck while Slack is away": {
    run: Effect.zipRight(exceeding, runCheck("2030-01")),
    world: withUpkeep({ failureOf: () => new NotificationFailed({ reason: "unreachable" }) }),
    matrix: { pairs: 60 }
  },
  "RunCheck after the Go worker": {
    run: Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* exceeding
      const seconds = Math.floor(engine.time.now / 1000)
      engine.setState("hydra.v1.QuotaCheckService", "2030-01", "notified_workspaces", { ws_a: seconds - 60, ws_x: 1 })
      return yield* runCheck("2030-01")
    }),
    world: withUpkeep(),
    matrix: {}
  },
  "RunCheck without an analytics database": {
    run: Effect.zipRight(exceeding, runCheck("2030-01")),
    world: withUpkeep({ isConfigured: false }),
    matrix: { duplicates: true, pairs: 60 }
  }
}
