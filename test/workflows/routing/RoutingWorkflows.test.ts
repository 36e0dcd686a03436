import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { seedProject, seedRoute } from "../../support/memory/seeds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { assignRoutes, swapLive } from "../../support/workflows/commands.ts"
import { rows, traffic } from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"
import { hostsOf, withTwo } from "../../support/workflows/seeds.ts"

const { live, environment } = hostsOf("shop")
const runsOf = (service: string) =>
  Effect.map(ControlPlane, ({ engine }) =>
    engine.invocations
      .filter(({ target }) => target.service === service)
      .flatMap(({ entries }) => entries.filter(({ kind }) => kind === "run").map(({ name }) => name))
  )

describe("assigning routes", () => {
  it.effect("[W3] is one step and one transaction, however many routes there are", () =>
    Effect.gen(function* () {
      yield* withTwo
      const ids = yield* Effect.forEach(
        Array.from({ length: 40 }, (_, nth) => `branch-${nth}.unkey.test`),
        (fqdn) => seedRoute("shop", fqdn, { deployment_id: "d_1" })
      )
      yield* assignRoutes("proj_shop", { deploymentId: "d_2", frontlineRouteIds: ids })
      const moved = (yield* rows).frontline_routes.filter((row) => row.deployment_id === "d_2")
      assert.lengthOf(moved, 40)
      assert.deepStrictEqual(yield* runsOf("hydra.v1.RoutingService"), ["assign-routes"])
    }).pipe(on())
  )

  it.effect("changes nothing but the deployment, and skips unknown and foreign ids", () =>
    Effect.gen(function* () {
      yield* withTwo
      yield* seedProject("bank")
      const foreign = yield* seedRoute("bank", "bank.unkey.test", { deployment_id: "d_bank" })
      const ids = [`flr_${live}`, "flr_none", foreign]
      assert.deepStrictEqual(
        yield* assignRoutes("proj_shop", { deploymentId: "d_2", frontlineRouteIds: ids }),
        Either.right({})
      )
      assert.deepStrictEqual((yield* traffic()).routes, { [live]: "d_2", [environment]: "d_1" })
      assert.deepStrictEqual((yield* traffic("proj_bank")).routes, { "bank.unkey.test": "d_bank" })
      assert.strictEqual((yield* traffic()).live, "d_1")
    }).pipe(on())
  )

  it.effect("of no routes succeeds", () =>
    Effect.gen(function* () {
      yield* withTwo
      const before = yield* observe
      assert.deepStrictEqual(
        yield* assignRoutes("proj_shop", { deploymentId: "d_2", frontlineRouteIds: [] }),
        Either.right({})
      )
      assert.deepStrictEqual((yield* observe).rows, before.rows)
    }).pipe(on())
  )
})

describe("swapping the live deployment", () => {
  const promotion = { intent: "promote", deploymentId: "d_2", expectedLiveDeploymentId: "d_1", domains: [] } as const

  it.effect("[W3] moves routes and live position in one step", () =>
    Effect.gen(function* () {
      yield* withTwo
      yield* swapLive("proj_shop", promotion)
      assert.deepStrictEqual(yield* traffic(), {
        live: "d_2",
        isRolledBack: false,
        routes: { [live]: "d_2", [environment]: "d_2" }
      })
      assert.deepStrictEqual(yield* runsOf("hydra.v1.RoutingService"), ["swap-live-deployment"])
    }).pipe(on())
  )

  it.effect("again after it succeeded answers the same and writes nothing", () =>
    Effect.gen(function* () {
      yield* withTwo
      const first = yield* swapLive("proj_shop", promotion)
      const before = yield* observe
      assert.deepStrictEqual(yield* swapLive("proj_shop", promotion), first)
      assert.deepStrictEqual(yield* observe, before)
    }).pipe(on())
  )

  const refusals = [
    { what: "an unknown project", key: "proj_none", swap: promotion, tag: "NotFound" },
    { what: "an unknown deployment", key: "proj_shop", swap: { ...promotion, deploymentId: "d_0" }, tag: "NotFound" },
    {
      what: "a caller that saw another one live",
      key: "proj_shop",
      swap: { ...promotion, expectedLiveDeploymentId: "d_0" },
      tag: "StaleLiveDeployment"
    }
  ]
  for (const { what, key, swap, tag } of refusals)
    it.effect(`for ${what} is refused and writes nothing`, () =>
      Effect.gen(function* () {
        yield* withTwo
        const before = yield* traffic()
        const refusal = yield* Effect.flip(Effect.flatten(swapLive(key, swap)))
        assert.strictEqual(refusal._tag, tag)
        assert.deepStrictEqual(yield* traffic(), before)
      }).pipe(on())
    )
})
