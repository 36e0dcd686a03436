import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { namesOf, seedProject } from "../../support/memory/seeds.ts"
import { ControlPlane, type ControlPlaneOptions, on } from "../../support/workflows/ControlPlane.ts"
import { deploy, submitDeploy } from "../../support/workflows/commands.ts"
import { everyAcknowledgementLost, onceAt } from "../../support/workflows/faults.ts"
import { fails } from "../../support/workflows/Krane.ts"
import {
  answerOf,
  deploymentRow,
  journalBytes,
  rows,
  timed,
  topologyOf,
  traffic
} from "../../support/workflows/queries.ts"
import { observe } from "../../support/workflows/scenario.ts"
import { pending, shop, withLive } from "../../support/workflows/seeds.ts"

describe("a deploy", () => {
  it.effect("[W6] has the same commit host name however often it is replayed, and another deploy another one", () =>
    Effect.gen(function* () {
      const commitHosts = (id: string, options: ControlPlaneOptions) =>
        Effect.gen(function* () {
          yield* shop
          yield* pending(id, 1, { git_commit_sha: "0f3c9a1b5d" })
          yield* deploy(id)
          return Object.keys((yield* traffic()).routes).filter((fqdn) => fqdn.includes("-git-"))
        }).pipe(on(options))
      const [once] = yield* commitHosts("d_1", {})
      const [replayed] = yield* commitHosts("d_1", { suspend: "always" })
      const [other] = yield* commitHosts("d_2", {})
      assert.match(once ?? "", /^shop-git-0f3c9a1-[1-9]\d{3}-shop\.unkey\.test$/)
      assert.strictEqual(replayed, once)
      assert.notStrictEqual(other, once)
    })
  )

  it.effect("[W7] calls regions in one order, whatever the order of the configuration", () =>
    Effect.gen(function* () {
      const calls = (regions: Record<string, number>) =>
        Effect.gen(function* () {
          const { engine } = yield* ControlPlane
          yield* seedProject("shop", { regions })
          yield* pending("d_1", 1)
          yield* deploy("d_1")
          return engine.invocations.map(({ label }) => label)
        }).pipe(on())
      assert.deepStrictEqual(yield* calls({ eu: 1, us: 2 }), yield* calls({ us: 2, eu: 1 }))
    })
  )

  it.effect("[W10] journals a few bytes a poll, however many instances there are", () =>
    Effect.gen(function* () {
      yield* seedProject("shop", { regions: { eu: 200, us: 200 } })
      yield* pending("d_1", 1)
      const deploying = yield* submitDeploy("d_1")
      yield* answerOf(deploying)
      const { total, largest } = journalBytes(deploying)
      assert.isBelow(largest, 1024)
      assert.isBelow(total, 4096)
    }).pipe(on())
  )

  it.effect("[W19] whose every acknowledgement is lost once writes each row once", () =>
    Effect.gen(function* () {
      const story = Effect.gen(function* () {
        yield* withLive
        yield* pending("d_2", 2)
        return { answer: yield* deploy("d_2"), end: yield* observe }
      })
      const { faults, lost } = everyAcknowledgementLost()
      const undisturbed = yield* story.pipe(on())
      assert.deepStrictEqual(yield* story.pipe(on({ faults })), undisturbed)
      assert.isAbove(lost.size, 10)
    })
  )

  it.effect("[W23] whose switch was committed without acknowledgement still puts its predecessor on standby", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* pending("d_2", 2)
      yield* deploy("d_2")
      yield* engine.drain
      assert.deepInclude(yield* deploymentRow("d_1"), { desired_state: "standby" })
      assert.deepInclude(yield* deploymentRow("d_2"), { desired_state: "running" })
    }).pipe(on({ faults: onceAt("swap-live-deployment", "after-body") }))
  )

  it.effect("[W51] compensates nothing when it is merely suspended", () =>
    Effect.gen(function* () {
      yield* withLive
      yield* pending("d_2", 2)
      assert.isTrue(Either.isRight(yield* deploy("d_2")))
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "ready", desired_state: "running" })
      assert.notInclude(Object.values(yield* topologyOf("d_2")), "stopped")
    }).pipe(on({ suspend: "always" }))
  )

  it.effect("of a deployment that is ready changes nothing at all", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      yield* deploy("d_1")
      const before = yield* observe
      assert.deepStrictEqual(yield* deploy("d_1"), Either.right({}))
      assert.deepStrictEqual(yield* observe, before)
    }).pipe(on())
  )

  it.effect("of a deployment that has failed is refused and changes nothing at all", () =>
    Effect.gen(function* () {
      yield* shop
      yield* pending("d_1", 1)
      yield* deploy("d_1")
      const before = yield* observe
      const { code, message } = yield* Effect.flatMap(submitDeploy("d_1"), answerOf)
      assert.strictEqual(code, 500)
      assert.include(message, "it has failed before; create a new deployment to try again")
      assert.deepStrictEqual(yield* observe, before)
    }).pipe(on({ startOf: () => fails }))
  )

  it.effect("[W8] writes when a step began, however long a failover keeps it from writing", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shop
      yield* pending("d_1", 1)
      const startedAt = engine.time.now
      const { answer, took } = yield* timed(deploy("d_1"))
      assert.isTrue(Either.isRight(answer))
      assert.isAtLeast(took, 10 * 60_000)
      const queued = (yield* rows).deployment_steps.find(({ step }) => step === "queued")
      assert.strictEqual(queued?.started_at, startedAt)
    }).pipe(on({ isReadOnly: (elapsed) => elapsed < 10 * 60_000 }))
  )

  it.effect("delivered twice at once and cancelled once ends as failed, with nothing left running", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* pending("d_2", 2)
      const before = yield* traffic()
      const [first, second] = [yield* submitDeploy("d_2"), yield* submitDeploy("d_2")]
      yield* engine.advance("1 second")
      engine.cancel(second.id)
      assert.strictEqual((yield* answerOf(second)).code, 409)
      assert.strictEqual((yield* answerOf(first)).code, 500)
      yield* engine.drain
      assert.deepStrictEqual(yield* traffic(), before)
      assert.deepInclude(yield* deploymentRow("d_2"), { status: "failed", desired_state: "standby" })
      assert.deepStrictEqual(yield* topologyOf("d_2"), { eu: "stopped", us: "stopped" })
    }).pipe(on())
  )

  for (const suspend of ["never", "always"] as const)
    it.effect(`delivered twice and cancelled once it is ready stays ready and running (${suspend})`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* withLive
        yield* pending("d_2", 2, { environment_id: namesOf("shop").previewId })
        const [first, second] = [yield* submitDeploy("d_2"), yield* submitDeploy("d_2")]
        yield* answerOf(first)
        engine.cancel(second.id)
        yield* engine.drain
        assert.deepInclude(yield* deploymentRow("d_2"), { status: "ready", desired_state: "running" })
        assert.notInclude(Object.values(yield* topologyOf("d_2")), "stopped")
      }).pipe(on({ suspend }))
    )
})
