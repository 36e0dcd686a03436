import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { leaseDuration } from "../../../../src/workflows/builds/slotQueue.ts"
import { buildIdOf } from "../../../../src/workflows/deploy/build/builtImage.ts"
import { MemoryBuilder, type MemoryBuilderOptions } from "../../../support/memory/MemoryBuilder.ts"
import {
  building,
  buildsOf,
  oneBehindTheOther,
  runningNow,
  shopFromGit,
  slotsInUse
} from "../../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../../support/workflows/ControlPlane.ts"
import { releaseSlot, renewSlot, requestSlot, submitFromGit } from "../../../support/workflows/commands.ts"
import { answerOf, deploymentRow, stepsOf } from "../../../support/workflows/queries.ts"

/** Takes a slot and is never heard of again, unless a test says so. */
const gone = {
  deploymentId: "d_gone",
  buildId: "bld-gone",
  isProduction: true,
  createdAt: 1,
  line: "",
  bell: "bell-gone"
}

const long = { takes: "20 minutes", ends: "succeeds" } as const

/** Looks at the first build of `d_1` end with a defect, from its 21st second on and for so many minutes. */
const heldUpFor = (minutes: number): MemoryBuilderOptions => {
  let since: number | undefined
  return {
    fateOf: ({ deploymentId }) => (deploymentId === "d_1" ? long : { takes: "10500 millis", ends: "succeeds" }),
    isBroken: (now, buildId) => {
      if (buildId !== buildIdOf("d_1", 1)) return false
      since ??= now
      return now > since + 20_000 && now < since + minutes * 60_000
    }
  }
}

describe("a slot whose holder is not heard of for the length of a lease", () => {
  it.effect("is taken back with its build, served to the next, and the deploy queues again when it is back", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { first, second, startedAt } = yield* oneBehindTheOther
      yield* engine.advance(leaseDuration + 5000 - (engine.time.now - startedAt))
      assert.deepStrictEqual((yield* MemoryBuilder).cancelled, [buildIdOf("d_1", 1)])
      assert.deepStrictEqual(yield* runningNow, ["d_2"])
      assert.deepStrictEqual(yield* answerOf(second), { code: 200, message: "" })
      assert.deepStrictEqual(yield* answerOf(first), { code: 200, message: "" })
      assert.deepInclude(yield* deploymentRow("d_1"), { status: "ready", build_id: buildIdOf("d_1", 2) })
      assert.strictEqual((yield* MemoryBuilder).peakOf("ws_shop"), 1)
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on({ ...building, builder: heldUpFor(9) }))
  )

  it.effect("is not built in by a holder that comes back late: the build that was meant for it never starts", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      yield* requestSlot("ws_shop", { ...gone, createdAt: 0 })
      const deploying = yield* submitFromGit("d_1")
      yield* engine.advance("30 seconds")
      // Granted while the database is away: the deployment cannot be marked as building.
      yield* releaseSlot("ws_shop", gone)
      yield* engine.advance("7 minutes")
      assert.deepStrictEqual(yield* slotsInUse(), {})
      assert.deepStrictEqual(yield* answerOf(deploying), { code: 200, message: "" })
      const ids = (yield* MemoryBuilder).runs.map(({ request }) => request.buildId)
      assert.deepStrictEqual(ids, [buildIdOf("d_1", 2)])
    }).pipe(on({ ...building, isReadOnly: (elapsed) => elapsed > 20_000 && elapsed < 8 * 60_000 }))
  )

  it.effect("is kept when its holder is back in time", () =>
    Effect.gen(function* () {
      const { first } = yield* oneBehindTheOther
      assert.deepStrictEqual(yield* answerOf(first), { code: 200, message: "" })
      assert.deepStrictEqual(yield* buildsOf("d_1"), [{ id: "d_1", runs: 1, status: "success" }])
      assert.deepStrictEqual((yield* MemoryBuilder).cancelled, [])
    }).pipe(on({ ...building, builder: heldUpFor(3) }))
  )

  it.effect("is free again although the builder does not answer when its build is to be stopped", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* requestSlot("ws_shop", gone)
      yield* engine.advance(leaseDuration + 125_000)
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on({ ...building, builder: { isAway: () => true } }))
  )
})

describe("a deploy from git whose turn does not come", () => {
  it.effect("gives up after two hours with the reason, a short journal and nothing left in the queue", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      yield* requestSlot("ws_shop", gone)
      const deploying = yield* submitFromGit("d_1")
      for (let renewals = 0; renewals < 31; renewals++) {
        yield* engine.advance("4 minutes")
        assert.deepInclude(yield* renewSlot("ws_shop", gone), { _tag: "Right" })
      }
      assert.strictEqual((yield* answerOf(deploying)).code, 500)
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: "waited two hours for a build slot" })
      assert.isBelow(deploying.entries.length, 700)
      yield* releaseSlot("ws_shop", gone)
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on(building))
  )
})

describe("a worker that is killed during a build", () => {
  it.effect("finishes the deploy when it is back, with one build, no orphan and the slot returned", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      const deploying = yield* submitFromGit("d_1")
      for (let kills = 0; kills < 20; kills++) {
        yield* engine.advance("2 seconds")
        engine.crash()
      }
      assert.deepStrictEqual(yield* answerOf(deploying), { code: 200, message: "" })
      assert.deepStrictEqual(yield* buildsOf("d_1"), [{ id: "d_1", runs: 1, status: "success" }])
      assert.deepStrictEqual(yield* runningNow, [])
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on(building))
  )

  it.effect("builds again what died with it, under the same id", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      const deploying = yield* submitFromGit("d_1")
      yield* engine.advance("12 seconds")
      const builder = yield* MemoryBuilder
      builder.die(engine.time.now)
      engine.crash()
      assert.deepStrictEqual(yield* answerOf(deploying), { code: 200, message: "" })
      assert.deepStrictEqual(
        builder.runs.map(({ request }) => request.buildId),
        [buildIdOf("d_1", 1), buildIdOf("d_1", 1)]
      )
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: null, building: null, deploying: null, network: null })
    }).pipe(on(building))
  )
})
