import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cancellationMatrix, type Invocation, type MemoryRestateOptions } from "effect-restate/testing"
import { ControlPlane, on, type Services } from "../../support/workflows/ControlPlane.ts"
import { scheduleChange, submitDeploy, submitPromote, submitRollback } from "../../support/workflows/commands.ts"
import { holdsAlways, holdsAtTheEnd } from "../../support/workflows/invariants.ts"
import { pending, withLive, withStandby, withTwo } from "../../support/workflows/seeds.ts"

interface Cancellable {
  readonly seed: Effect.Effect<unknown, unknown, Services>
  readonly ask: Effect.Effect<Invocation, unknown, Services>
  /** Which deployments are ready: those of them that are not live in the end must have gone to standby. */
  readonly ready: ReadonlyArray<string>
}

/** Runs the story to its end, which it may reach in any way that keeps the invariants. */
const ran =
  ({ seed, ask, ready }: Cancellable, heard: (asked: string) => void) =>
  (disturbance: MemoryRestateOptions) =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seed
      const asked = yield* ask
      heard(asked.label)
      yield* engine.result(asked)
      yield* engine.drain
      const history = { asked: [asked], wereLive: new Set(ready) }
      yield* holdsAlways(history)
      yield* holdsAtTheEnd(history)
    }).pipe(on(disturbance))

const stories = {
  "a deploy": { seed: Effect.zipRight(withLive, pending("d_2", 2)), ask: submitDeploy("d_2"), ready: ["d_1"] },
  "a promotion": { seed: withStandby, ask: submitPromote("d_1"), ready: ["d_1", "d_2"] },
  "a promotion of a deployment that was about to stop": {
    seed: Effect.zipRight(withTwo, scheduleChange("d_2", { delayMillis: 1_800_000, state: "standby" })),
    ask: submitPromote("d_2"),
    ready: ["d_1", "d_2"]
  },
  "a rollback": { seed: withStandby, ask: submitRollback("d_2", "d_1"), ready: ["d_1", "d_2"] }
}

describe("a cancellation", () => {
  for (const [what, story] of Object.entries(stories))
    it.effect(`of ${what}, at whatever point, leaves it done or taken back`, () =>
      Effect.gen(function* () {
        let asked = ""
        const scenario = ran(story, (label) => {
          asked = label
        })
        // Whatever point of whatever invocation is reached: it is the one asked for that is cancelled.
        const { points } = yield* cancellationMatrix(scenario, { of: () => [asked] })
        assert.isAbove(points, 40)
      })
    )
})
