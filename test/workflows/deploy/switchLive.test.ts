import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { namesOf } from "../../support/memory/seeds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import {
  deploy,
  promote,
  rollback,
  scheduleChange,
  submitChange,
  submitDeploy,
  submitPromote,
  submitRollback
} from "../../support/workflows/commands.ts"
import { fails, hangs, startsSoon } from "../../support/workflows/Krane.ts"
import { answerOf, deploymentRow, rows, timed, topologyOf, traffic } from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"
import {
  createdAt,
  hostsOf,
  pending,
  seedReady,
  withLive,
  withStandby,
  withTwo
} from "../../support/workflows/seeds.ts"

const { live, environment } = hostsOf("shop")
const allTo = (id: string) => ({ [live]: id, [environment]: id })
const minute = 60_000

describe("a promotion", () => {
  it.effect("moves the live position and every sticky route, and its predecessor sleeps exactly 30 minutes later", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      assert.deepStrictEqual(yield* promote("d_2"), Either.right({}))
      assert.deepStrictEqual(yield* traffic(), { live: "d_2", isRolledBack: false, routes: allTo("d_2") })
      yield* engine.advance(30 * minute - 1)
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "running" })
      yield* engine.advance(1)
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
    }).pipe(on())
  )

  it.effect("ends a rollback, so that deploys go live again", () =>
    Effect.gen(function* () {
      yield* withTwo
      yield* rollback("d_1", "d_2")
      assert.deepInclude(yield* traffic(), { live: "d_2", isRolledBack: true })
      yield* promote("d_1")
      yield* pending("d_3", 3)
      yield* deploy("d_3")
      assert.deepInclude(yield* traffic(), { live: "d_3", isRolledBack: false })
    }).pipe(on())
  )

  it.effect("of what a rollback made live confirms the rollback: it stays live, and later deploys go live again", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* rollback("d_1", "d_2")
      assert.deepStrictEqual(yield* promote("d_2"), Either.right({}))
      assert.deepStrictEqual(yield* traffic(), { live: "d_2", isRolledBack: false, routes: allTo("d_2") })
      yield* engine.advance(31 * minute)
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
      yield* pending("d_3", 3)
      yield* deploy("d_3")
      assert.deepInclude(yield* traffic(), { live: "d_3", isRolledBack: false })
    }).pipe(on())
  )

  it.effect("that confirmed a rollback is refused when it is sent again", () =>
    Effect.gen(function* () {
      yield* withTwo
      yield* rollback("d_1", "d_2")
      yield* promote("d_2")
      assert.deepStrictEqual(yield* Effect.flatMap(submitPromote("d_2"), answerOf), {
        code: 400,
        message: "cannot promote deployment d_2: it is already live"
      })
    }).pipe(on())
  )

  it.effect("[W24] of a preview deployment is refused, and production stays as it is", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* seedReady("shop", "d_2", { version: 2, environment_id: namesOf("shop").previewId })
      const before = yield* observe
      assert.deepStrictEqual(yield* Effect.flatMap(submitPromote("d_2"), answerOf), {
        code: 400,
        message: "cannot promote deployment d_2: it belongs to another environment than the live deployment"
      })
      assert.deepStrictEqual(yield* observe, before)
    }).pipe(on())
  )

  it.effect("[W25] of a deployment on standby starts it, and moves no route before it runs everywhere", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withStandby
      const promoting = yield* submitPromote("d_1")
      yield* engine.advance("8 seconds")
      assert.deepStrictEqual(yield* topologyOf("d_1"), { eu: "started", us: "started" })
      assert.deepInclude(yield* traffic(), { live: "d_2", routes: allTo("d_2") })
      assert.deepStrictEqual(yield* answerOf(promoting), { code: 200, message: "" })
      assert.deepInclude(yield* traffic(), { live: "d_1", routes: allTo("d_1") })
      const running = (yield* rows).instances.filter((row) => row.deployment_id === "d_1" && row.status === "running")
      assert.deepStrictEqual(
        running.map(({ region }) => region),
        ["eu", "us"]
      )
    }).pipe(
      on({ startOf: ({ region }) => (region === "us" ? { after: "9300 millis", status: "running" } : startsSoon) })
    )
  )

  it.effect("[W25] of a deployment that no longer starts moves no route, says why, and lets it sleep again", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withStandby
      const before = yield* traffic()
      const { code, message } = yield* Effect.flatMap(submitPromote("d_1"), answerOf)
      assert.strictEqual(code, 500)
      assert.strictEqual(message, "deployment d_1 does not run: no instance runs in eu; failed: d_1-1")
      assert.deepStrictEqual(yield* traffic(), before)
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
    }).pipe(on({ startOf: () => fails }))
  )

  it.effect("[W25] withdraws a stop that is scheduled for its target", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withTwo
      yield* scheduleChange("d_2", { delayMillis: 5 * minute, state: "standby" })
      yield* promote("d_2")
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
      assert.deepStrictEqual(engine.stateOf("hydra.v1.DeploymentService", "d_2"), {})
    }).pipe(on())
  )

  it.effect("[W27] is refused with 409 when another deployment went live while its target started", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withStandby
      yield* pending("d_3", 3)
      const promoting = yield* submitPromote("d_1")
      yield* deploy("d_3")
      assert.deepStrictEqual(yield* answerOf(promoting), {
        code: 409,
        message: "project proj_shop has d_3 live, not d_2 as expected"
      })
      assert.deepInclude(yield* traffic(), { live: "d_3", routes: allTo("d_3") })
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
    }).pipe(
      on({
        startOf: ({ deploymentId }) =>
          deploymentId === "d_1" ? { after: "20300 millis", status: "running" } : startsSoon
      })
    )
  )

  for (const suspend of ["never", "always"] as const)
    for (const shuffleSeed of [1, 2, 3, 4])
      it.effect(`[W28] never leads traffic to a target that a timer stops meanwhile (${suspend}, ${shuffleSeed})`, () =>
        Effect.gen(function* () {
          const { engine } = yield* ControlPlane
          yield* withTwo
          yield* submitChange("d_2", { delayMillis: 0, state: "standby" })
          const promoting = yield* submitPromote("d_2")
          assert.deepStrictEqual(yield* answerOf(promoting), { code: 200, message: "" })
          yield* engine.drain
          assert.deepInclude(yield* traffic(), { live: "d_2", routes: allTo("d_2") })
          assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
          assert.notInclude(Object.values(yield* topologyOf("d_2")), "stopped")
          const instances = (yield* rows).instances.filter((row) => row.deployment_id === "d_2")
          assert.lengthOf(instances, 2)
        }).pipe(on({ suspend, shuffleSeed }))
      )

  it.effect("[W12] that is cancelled while its target starts moves nothing and lets it sleep again", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withStandby
      const before = yield* traffic()
      const promoting = yield* submitPromote("d_1")
      yield* engine.advance(minute)
      engine.cancel(promoting.id)
      assert.strictEqual((yield* answerOf(promoting)).code, 409)
      yield* engine.drain
      assert.deepStrictEqual(yield* traffic(), before)
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
    }).pipe(on({ startOf: () => hangs }))
  )
})

describe("a rollback", () => {
  it.effect("[W26] puts the deployment it leaves on standby exactly 30 minutes later", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withStandby
      yield* rollback("d_2", "d_1")
      assert.deepStrictEqual(yield* traffic(), { live: "d_1", isRolledBack: true, routes: allTo("d_1") })
      yield* engine.advance(30 * minute - 1)
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
      yield* engine.advance(1)
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "standby" })
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "running" })
    }).pipe(on())
  )

  const during = [
    { what: "rollback", ask: submitRollback("d_2", "d_1") },
    { what: "promotion", ask: submitPromote("d_1") }
  ]
  for (const { what, ask } of during)
    it.effect(`[W2] or promotion never waits for a deploy of its project: a ${what} completes at once`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* withLive
        yield* seedReady("shop", "d_2", { version: 2, created_at: createdAt(2) })
        yield* promote("d_2")
        yield* pending("d_3", 3)
        const deploying = yield* submitDeploy("d_3")
        yield* engine.advance(minute)
        const { answer, took } = yield* timed(Effect.flatMap(ask, answerOf))
        assert.deepStrictEqual({ ...answer, took }, { code: 200, message: "", took: 0 })
        assert.isUndefined(deploying.result)
        assert.deepInclude(yield* traffic(), { live: "d_1", routes: allTo("d_1") })
      }).pipe(on({ startOf: () => hangs }))
    )

  it.effect("that is delivered twice switches once", () =>
    Effect.gen(function* () {
      yield* withTwo
      const both = [yield* submitRollback("d_1", "d_2"), yield* submitRollback("d_1", "d_2")]
      const answers = yield* Effect.forEach(both, answerOf)
      assert.strictEqual(answers[0]?.code, 200)
      assert.deepInclude(yield* traffic(), { live: "d_2", isRolledBack: true, routes: allTo("d_2") })
    }).pipe(on())
  )
})
