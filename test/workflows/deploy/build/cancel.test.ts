import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { cancellationMatrix, type MemoryRestateOptions } from "effect-restate/testing"
import { MemoryBuilder } from "../../../support/memory/MemoryBuilder.ts"
import {
  building,
  buildsOf,
  fromGit,
  oneBehindTheOther,
  runningNow,
  shopFromGit,
  slotsInUse
} from "../../../support/workflows/builds.ts"
import { ControlPlane, on } from "../../../support/workflows/ControlPlane.ts"
import { releaseSlot, requestSlot, slotPosition, submitFromGit } from "../../../support/workflows/commands.ts"
import { holdsAlways, holdsAtTheEnd } from "../../../support/workflows/invariants.ts"
import { answerOf, deploymentRow, stepsOf } from "../../../support/workflows/queries.ts"
import { withLive } from "../../../support/workflows/seeds.ts"

const next = { deploymentId: "d_3", buildId: "bld-3", isProduction: true, createdAt: 9, line: "", bell: "bell-3" }

/** `d_2` is deployed, or cancelled on its way, while `d_3`, no more than a request, waits for its slot. */
const deployed = (heard: (asked: string) => void) => (disturbance: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    yield* withLive
    yield* fromGit("d_2", 2)
    const asked = yield* submitFromGit("d_2")
    heard(asked.label)
    yield* engine.settle
    yield* requestSlot("ws_shop", next)
    yield* engine.result(asked)
    assert.deepInclude(yield* requestSlot("ws_shop", next), { _tag: "Right" })
    const { state } = Either.getOrThrow(yield* slotPosition("ws_shop", "d_3"))
    assert.strictEqual(state, "building", "the slot is the next one's")
    yield* releaseSlot("ws_shop", next)
    yield* engine.drain
    const history = { asked: [asked], wereLive: new Set(["d_1"]) }
    yield* holdsAlways(history)
    yield* holdsAtTheEnd(history)
    assert.deepStrictEqual(yield* slotsInUse(), {})
    assert.deepStrictEqual(yield* runningNow, [])
    const [told] = yield* buildsOf("d_2")
    const { status } = yield* deploymentRow("d_2")
    if (told?.status !== "none")
      assert.strictEqual(told?.status, status === "ready" ? "success" : "failure", "what GitHub shows")
  }).pipe(on({ ...building, builder: { fateOf: () => ({ takes: "1500 millis", ends: "succeeds" }) }, ...disturbance }))

describe("a cancellation of a deploy from git", () => {
  it.effect("stops the remote build at once and hands the slot to who waits", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { first } = yield* oneBehindTheOther
      yield* engine.advance("10200 millis")
      const cancelledFrom = engine.time.now
      engine.cancel(first.id)
      yield* engine.settle
      assert.deepStrictEqual(yield* runningNow, ["d_2"])
      assert.strictEqual(engine.time.now, cancelledFrom)
      assert.lengthOf((yield* MemoryBuilder).cancelled, 1)
      assert.deepStrictEqual(yield* stepsOf("d_1"), { queued: null, building: "the deployment was cancelled" })
    }).pipe(on(building))
  )

  it.effect("while queued withdraws the request and never builds", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const { second } = yield* oneBehindTheOther
      yield* engine.advance("10200 millis")
      engine.cancel(second.id)
      yield* engine.drain
      assert.deepStrictEqual(yield* stepsOf("d_2"), { queued: "the deployment was cancelled" })
      assert.deepStrictEqual(yield* buildsOf("d_1", "d_2"), [
        { id: "d_1", runs: 1, status: "success" },
        { id: "d_2", runs: 0, status: "failure" }
      ])
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(on(building))
  )

  it.effect("is not held up for long by a builder that is away: the slot is free after two minutes", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* shopFromGit(1)
      const first = yield* submitFromGit("d_1")
      const startedAt = engine.time.now
      yield* engine.advance("30200 millis")
      engine.cancel(first.id)
      assert.strictEqual((yield* answerOf(first)).code, 409)
      assert.isBelow(engine.time.now - startedAt, 200_000)
      assert.deepStrictEqual(yield* slotsInUse(), {})
    }).pipe(
      on({
        ...building,
        builder: { fateOf: () => ({ takes: "1 hour", ends: "succeeds" }), isAway: awayAfter(20_000) }
      })
    )
  )

  it.effect("at whatever point leaves nothing that builds, and a slot for the next", () =>
    Effect.gen(function* () {
      let asked = ""
      const scenario = deployed((label) => {
        asked = label
      })
      const { points } = yield* cancellationMatrix(scenario, { of: () => [asked], suspended: false })
      assert.isAbove(points, 100)
    })
  )
})

/** Away for good, from so many milliseconds after it was first asked. */
function awayAfter(millis: number) {
  let since: number | undefined
  return (now: number): boolean => {
    since ??= now
    return now - since > millis
  }
}
