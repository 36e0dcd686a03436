import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { seedProject } from "../../support/memory/seeds.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { deploy, deployWith, gitSource, submitDeploy } from "../../support/workflows/commands.ts"
import { fails, hangs, isUnreadyFor, restartsTwice, startsSoon } from "../../support/workflows/Krane.ts"
import { answerOf, deploymentRow, rows, stepsOf, timed, topologyOf, traffic } from "../../support/workflows/queries.ts"
import { pending, shop, withLive } from "../../support/workflows/seeds.ts"

describe("a deploy", () => {
  it.effect("[W11] fails at its deadline of 15 minutes when nothing starts", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      const { answer, took } = yield* timed(Effect.flatMap(submitDeploy("d_2"), answerOf))
      assert.strictEqual(answer.code, 500)
      assert.include(answer.message, "not ready after 15 minutes: eu has 0 of 1 running; us has 0 of 1 running")
      assert.isAtLeast(took, 15 * 60_000)
      assert.isBelow(took, 15 * 60_000 + 5_000)
    }).pipe(on({ startOf: () => hangs }))
  )

  it.effect("[W11] fails within four minutes, with the instance's name, when instances fail and stay so", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      const { answer, took } = yield* timed(Effect.flatMap(submitDeploy("d_2"), answerOf))
      assert.include(answer.message, "no instance runs in eu; failed: d_2-1")
      assert.isAtLeast(took, 3 * 60_000)
      assert.isBelow(took, 4 * 60_000)
    }).pipe(on({ startOf: () => fails }))
  )

  for (const [what, start] of [
    ["run and are not ready for 70 s", isUnreadyFor("70 seconds")],
    ["restart twice before they stay up", restartsTwice]
  ] as const)
    it.effect(`goes live with instances that ${what}`, () =>
      Effect.gen(function* () {
        yield* withLive
        yield* pending("d_2", 2)
        assert.isTrue(Either.isRight(yield* deploy("d_2")))
        assert.strictEqual((yield* traffic()).live, "d_2")
      }).pipe(on({ startOf: ({ deploymentId }) => (deploymentId === "d_2" ? start : startsSoon) }))
    )

  it.effect("waits for a start as long as the deployment's own health check allows", () =>
    Effect.gen(function* () {
      yield* withLive
      const healthcheck = { initialDelaySeconds: 300, intervalSeconds: 10, failureThreshold: 6 }
      yield* pending("d_2", 2, { healthcheck })
      assert.isTrue(Either.isRight(yield* deploy("d_2")))
    }).pipe(on({ startOf: ({ deploymentId }) => (deploymentId === "d_2" ? isUnreadyFor("5 minutes") : startsSoon) }))
  )

  it.effect("[W11] goes live without a region that is slow, two minutes after the others run", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      const { answer, took } = yield* timed(deploy("d_2"))
      assert.isTrue(Either.isRight(answer))
      assert.strictEqual((yield* traffic()).live, "d_2")
      assert.isBelow(took, 130_000)
    }).pipe(on({ startOf: ({ region }) => (region === "us" ? hangs : startsSoon) }))
  )

  it.effect("[W12] [W31] [W52] that fails is marked failed, says why at its open step, and is taken back", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      const before = yield* traffic()
      yield* deploy("d_2")
      const { engine } = yield* ControlPlane
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "failed", desired_state: "standby" })
      assert.deepStrictEqual(yield* stepsOf("d_2"), {
        queued: null,
        building: null,
        deploying: "no instance runs in eu; failed: d_2-1"
      })
      assert.deepStrictEqual(yield* topologyOf("d_2"), { eu: "stopped", us: "stopped" })
      assert.lengthOf(
        (yield* rows).instances.filter((row) => row.deployment_id === "d_2"),
        0
      )
      assert.deepStrictEqual(yield* traffic(), before)
    }).pipe(on({ startOf: () => fails }))
  )

  it.effect("[W12] [W31] that is cancelled while it waits closes its step, is taken back and answers 409", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* pending("d_2", 2)
      const deploying = yield* submitDeploy("d_2")
      yield* engine.advance("1 minute")
      engine.cancel(deploying.id)
      const { answer, took } = yield* timed(answerOf(deploying))
      assert.strictEqual(answer.code, 409)
      assert.strictEqual(took, 0)
      assert.deepInclude(yield* stepsOf("d_2"), { deploying: "the deployment was cancelled" })
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "failed" })
      assert.deepStrictEqual(yield* topologyOf("d_2"), { eu: "stopped", us: "stopped" })
    }).pipe(on({ startOf: () => hangs }))
  )

  it.effect("[W13] of an unknown id answers 404 at once", () =>
    Effect.gen(function* () {
      yield* shop
      const { answer, took } = yield* timed(Effect.flatMap(submitDeploy("d_none"), answerOf))
      assert.deepStrictEqual(answer, { code: 404, message: "deployment d_none does not exist" })
      assert.strictEqual(took, 0)
    }).pipe(on())
  )

  it.effect("[W12] whose parent row is missing is refused with 404 and marked failed", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1, { environment_id: "env_none" })
      assert.deepStrictEqual(yield* Effect.flatMap(submitDeploy("d_1"), answerOf), {
        code: 404,
        message: "environment env_none does not exist"
      })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: "environment env_none does not exist" })
    }).pipe(on())
  )

  for (const [why, regions, problem] of [
    ["names a region that is not available", { mars: 1 }, "region mars is not available"],
    ["asks for no replica", { eu: 0 }, "region eu needs 1 to 1000 replicas"],
    ["asks for a negative number of replicas", { eu: -3 }, "region eu needs 1 to 1000 replicas"]
  ] as const)
    it.effect(`[W30] whose configuration ${why} fails before anything is published`, () =>
      Effect.gen(function* () {
        yield* seedProject("shop", { regions })
        yield* pending("d_1", 1)
        const { code, message } = yield* Effect.flatMap(submitDeploy("d_1"), answerOf)
        assert.strictEqual(code, 400)
        assert.include(message, problem)
        assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: `region_config: ${problem}` })
        assert.deepStrictEqual(yield* topologyOf("d_1"), {})
      }).pipe(on())
    )

  it.effect("[W30] without any region fails instead of being ready with nothing running", () =>
    Effect.gen(function* () {
      yield* seedProject("shop")
      yield* pending("d_1", 1)
      const { message } = yield* Effect.flatMap(submitDeploy("d_1"), answerOf)
      assert.include(message, "available_regions: there is no region to run in")
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
    }).pipe(on({ settings: { availableRegions: [] } }))
  )

  it.effect("from git is refused with 400, and its deployment says so", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      const git = { ...gitSource, commitSha: "" }
      const refused = yield* Effect.flip(Effect.flatten(deployWith("d_1", { deploymentId: "d_1", command: [], git })))
      assert.strictEqual(refused._tag, "GitSourceUnavailable")
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: refused.message })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "failed" })
    }).pipe(on())
  )
})
