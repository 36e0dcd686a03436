import { Effect } from "effect"
import { NotificationFailed } from "../../../src/services/quotaCheck/Notifier.ts"
import { MemoryUsage } from "../../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../../support/memory/quotaSeeds.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import type { Story } from "../../support/workflows/Story.ts"
import { runCheck, type UpkeepDoubles, withUpkeep } from "../../support/workflows/Upkeep.ts"

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
