import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either } from "effect"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { namesOf } from "../../support/memory/seeds.ts"
import type { Tables } from "../../support/memory/Tables.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { idlePreviews, seedPreview, type TrafficOptions } from "../../support/workflows/idlePreviews.ts"
import { deploymentRow } from "../../support/workflows/queries.ts"
import { withLive } from "../../support/workflows/seeds.ts"

interface Expectation {
  /** Of a preview that was made and last changed 8 hours ago. `now` is when the run is asked for, in Unix milliseconds. */
  readonly columns?: (now: number) => Partial<Tables["deployments"]>
  readonly traffic?: TrafficOptions
  readonly state: "running" | "standby"
}

const hours = (count: number) => Duration.toMillis(Duration.hours(count))

/** What Unkey's own tests of its Go worker expect (`scale_down_idle_preview_deployments_test.go`, 0dc99f91bd), by their names. */
const expectations: Readonly<Record<string, Expectation>> = {
  ScalesDownIdleDeploymentWithZeroRequests: { state: "standby" },
  DoesNotScaleDownDeploymentWithRecentRequests: { traffic: { busy: ["d_1st"] }, state: "running" },
  IgnoresNonPreviewEnvironments: {
    columns: () => ({ environment_id: namesOf("shop").productionId }),
    state: "running"
  },
  IgnoresDeploymentsNotInReadyStatus: { columns: () => ({ status: "pending" }), state: "running" },
  IgnoresRecentlyCreatedDeployments: {
    columns: (now) => ({ created_at: now - hours(1), updated_at: now - hours(1) }),
    state: "running"
  },
  IgnoresRecentlyUpdatedDeployments: { columns: (now) => ({ updated_at: now - hours(1) }), state: "running" }
}

/** Any key will do; the answer says that it is done. */
const trigger = Effect.flatMap(ControlPlane, ({ engine }) =>
  Effect.either(engine.call(DeployService, "test_a1b2c3d4", "ScaleDownIdlePreviewDeployments", {}))
)
const stateOf = (id: string) => Effect.map(deploymentRow(id), (row) => row.desired_state)

const seed = (id: string, nth: number, columns: Expectation["columns"] = () => ({})) =>
  Effect.flatMap(ControlPlane, ({ engine: { time } }) =>
    seedPreview(id, nth, { created_at: time.now - hours(8), updated_at: time.now - hours(8), ...columns(time.now) })
  )

describe("what Unkey's own tests expect of idle previews", () => {
  for (const [name, { columns, state, traffic }] of Object.entries(expectations))
    it.effect(`holds: ${name}`, () =>
      Effect.gen(function* () {
        yield* withLive
        yield* seed("d_1st", 2, columns)
        assert.deepStrictEqual(yield* trigger, Either.right({}))
        assert.strictEqual(yield* stateOf("d_1st"), state)
      }).pipe(on(idlePreviews(traffic)))
    )

  it.effect("HandlesMultipleDeploymentsAcrossMultipleEnvironments", () =>
    Effect.gen(function* () {
      yield* withLive
      for (const [nth, id] of ["d_idle1", "d_busy1", "d_idle2", "d_busy2"].entries()) yield* seed(id, nth + 2)
      assert.deepStrictEqual(yield* trigger, Either.right({}))
      const states = yield* Effect.forEach(["d_idle1", "d_busy1", "d_idle2", "d_busy2"], stateOf)
      assert.deepStrictEqual(states, ["standby", "running", "standby", "running"])
    }).pipe(on(idlePreviews({ busy: ["d_busy1", "d_busy2"] })))
  )
})
