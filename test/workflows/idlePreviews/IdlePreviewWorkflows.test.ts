import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either } from "effect"
import { silentObserver } from "effect-restate"
import { DeployService } from "../../../src/contract/DeployService.ts"
import { IdlePreviews } from "../../../src/contract/IdlePreviews.ts"
import { MemoryTables, transaction } from "../../support/memory/MemoryTables.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { idlePreviews, Questions, scaleDown, seedPreview, withPreviews } from "../../support/workflows/idlePreviews.ts"
import { deploymentRow, journalBytes, rows, timed, topologyOf } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"
import { withLive } from "../../support/workflows/seeds.ts"

const desiredState = (id: string) => Effect.map(deploymentRow(id), (row) => row.desired_state)
const sixHours = Duration.toMillis("6 hours")

/** Idle previews without topology, `d_p0` and on, all in one transaction. */
const withMany = (count: number) =>
  Effect.gen(function* () {
    const change = transaction(yield* MemoryTables)
    yield* seedPreview("d_p0", 2)
    const first = yield* deploymentRow("d_p0")
    yield* change("seed", (draft) => {
      for (let nth = 1; nth < count; nth++)
        draft.deployments.push({ ...first, id: `d_p${nth}`, k8s_name: `k8s-${nth}` })
    })
  })

/** Previews that stand by. */
const deployed = Effect.map(rows, ({ deployments }) =>
  deployments.filter((row) => row.desired_state === "standby").map(({ id }) => id)
)

/** The most attempts of a handler that ran at the same time. */
const inFlight = (handler: string) => {
  let now = 0
  const flight = {
    most: 0,
    observer: {
      ...silentObserver,
      attemptStarted: (info: { readonly handler: string }) => {
        if (info.handler !== handler) return
        now += 1
        flight.most = Math.max(flight.most, now)
      },
      attemptEnded: (info: { readonly handler: string }) => {
        if (info.handler === handler) now -= 1
      }
    }
  }
  return flight
}

/** How often each deployment was told to stop. */
const stops = Effect.map(ControlPlane, ({ engine }) =>
  engine.invocations.flatMap(({ target }) => (target.handler === "SetDesiredState" ? [target.key] : []))
)

describe("scaling down idle previews", () => {
  it.effect("puts a preview without requests on standby, and leaves alone what has some, stands by or is live", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withPreviews
      const before = yield* deploymentRow("d_standby")
      assert.deepStrictEqual(yield* scaleDown, Either.right({}))
      // Without waiting for anything more: the answer says that it is done.
      assert.strictEqual(yield* desiredState("d_idle"), "standby")
      assert.deepStrictEqual(yield* topologyOf("d_idle"), { eu: "stopped", us: "stopped" })
      assert.strictEqual(yield* desiredState("d_busy"), "running")
      assert.strictEqual(yield* desiredState("d_1"), "running")
      assert.deepStrictEqual(yield* deploymentRow("d_standby"), before)
      assert.deepStrictEqual(yield* stops, ["d_idle"])
      assert.deepStrictEqual(engine.stateOf(IdlePreviews.name, "global"), {})
    }).pipe(on(idlePreviews({ busy: ["d_busy"] })))
  )

  it.effect("[W33] never asks about, nor stops, a deployment that is live although its environment is preview", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const world = yield* World
      yield* withPreviews
      yield* world.update("projects", { id: "proj_shop" }, { live_deployment_id: "d_idle" })
      yield* scaleDown
      yield* engine.drain
      assert.strictEqual(yield* desiredState("d_idle"), "running")
      assert.deepStrictEqual(yield* stops, ["d_busy"])
    }).pipe(on(idlePreviews()))
  )

  it.effect("[W33] processes none a second time that it has put on standby", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withPreviews
      yield* scaleDown
      yield* engine.advance("7 hours")
      const once = yield* stops
      yield* scaleDown
      yield* engine.drain
      assert.deepStrictEqual(yield* stops, once)
    }).pipe(on(idlePreviews()))
  )

  for (const [what, isAway] of [
    ["down", () => true],
    ["down for the second page only", (nth: number) => nth > 0]
  ] as const)
    it.effect(`[W32] stops nothing it has no answer about while ClickHouse is ${what}, and says so`, () =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* withLive
        // More than 200 idle previews, at which a page ends.
        yield* withMany(260)
        const { answer } = yield* timed(scaleDown)
        assert.include(JSON.stringify(answer), "RunGivenUp")
        yield* engine.drain
        const stopped = (yield* rows).deployments.filter((row) => row.desired_state === "standby").length
        assert.strictEqual(stopped, what === "down" ? 0 : 200)
        const paused = engine.invocations.filter(({ status }) => status !== "completed")
        assert.deepStrictEqual(paused, [])
        // The schedule goes on: nothing of the run that gave up is in the way of the next one.
        assert.deepStrictEqual(engine.stateOf(IdlePreviews.name, "global"), {})
      }).pipe(on(idlePreviews({ isAway })))
    )

  it.effect("[W8] counts the 6 hours of every page from the moment the run was asked for", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* withMany(260)
      const asked = engine.time.now
      yield* scaleDown
      yield* engine.drain
      const questions = yield* Questions
      assert.deepStrictEqual(
        questions.map((question) => question.since),
        [asked - sixHours, asked - sixHours]
      )
      assert.deepStrictEqual(
        questions.map((question) => question.deployments.length),
        [260, 60]
      )
    }).pipe(on(idlePreviews()))
  )

  it.effect("leaves alone a preview that was made or changed less than 6 hours ago", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      const now = engine.time.now
      yield* seedPreview("d_young", 2, { created_at: now - sixHours })
      yield* seedPreview("d_changed", 3, { updated_at: now - sixHours })
      yield* seedPreview("d_old", 4, { created_at: now - sixHours - 1, updated_at: now - sixHours - 1 })
      yield* scaleDown
      yield* engine.drain
      assert.deepStrictEqual(yield* stops, ["d_old"])
    }).pipe(on(idlePreviews()))
  )

  it.effect("[W33] runs that overlap do the work once", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withPreviews
      for (let nth = 0; nth < 4; nth++) engine.submit(DeployService, "global", "ScaleDownIdlePreviewDeployments", {})
      yield* engine.drain
      const questions = yield* Questions
      assert.lengthOf(questions, 1)
      assert.deepStrictEqual(yield* stops, ["d_idle", "d_busy"])
    }).pipe(on(idlePreviews()))
  )

  it.effect("a run that is ended from outside leaves nothing behind: the next one starts at once", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* withMany(100)
      const run = engine.submit(DeployService, "global", "ScaleDownIdlePreviewDeployments", {})
      yield* engine.until(() => engine.invocations.some(({ target }) => target.handler === "SetDesiredState"))
      for (const { id } of engine.invocations) engine.cancel(id)
      yield* engine.result(run)
      assert.deepStrictEqual(yield* scaleDown, Either.right({}))
      assert.deepStrictEqual(engine.stateOf(IdlePreviews.name, "global"), {})
      assert.lengthOf(yield* deployed, 100)
      yield* engine.drain
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(on(idlePreviews()))
  )

  it.effect("thousands of previews with traffic are looked at in short parts, each with a small journal", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* withMany(12_001)
      yield* scaleDown
      assert.deepStrictEqual(yield* deployed, ["d_p12000"])
      const parts = engine.invocations.filter(({ target }) => target.handler === "Sweep")
      const looks = parts.map((invocation) => invocation.entries.filter(({ kind }) => kind === "run").length)
      assert.deepStrictEqual(looks, [5, 2])
    }).pipe(on(idlePreviews({ busy: Array.from({ length: 12_000 }, (_, nth) => `d_p${nth}`) })))
  )

  it.effect("thousands of idle previews are stopped, each once, eight at a time, by parts with a small journal", () => {
    const flight = inFlight("SetDesiredState")
    return Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* withMany(2000)
      assert.deepStrictEqual(yield* scaleDown, Either.right({}))
      assert.lengthOf(yield* stops, 2000)
      assert.strictEqual(new Set(yield* stops).size, 2000)
      assert.lengthOf(yield* deployed, 2000)
      assert.strictEqual(flight.most, 8)
      const parts = engine.invocations.filter(({ target }) => target.handler === "Sweep")
      assert.isAtLeast(parts.length, 10)
      for (const part of parts) {
        assert.isBelow(part.entries.length, 1000)
        assert.isBelow(journalBytes(part).total, 200_000)
      }
    }).pipe(on({ ...idlePreviews(), observer: flight.observer }))
  })

  it.effect("previews that do not stand by are left after a minute, and the next run begins anew", () => {
    let isAway = true
    return Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* withLive
      yield* withMany(100)
      const { answer, took } = yield* timed(scaleDown)
      assert.match(JSON.stringify(answer), /\d+ previews are not on standby/)
      assert.isAtMost(took, 125_000)
      // Those of the first minute, and those that were begun as each of them was left.
      assert.isAtMost((yield* stops).length, 15)
      isAway = false
      yield* engine.advance("15 minutes")
      assert.deepStrictEqual(yield* scaleDown, Either.right({}))
      assert.lengthOf(yield* deployed, 100)
      yield* engine.drain
      assert.deepStrictEqual(unfinished(engine), [])
    }).pipe(
      on({
        ...idlePreviews(),
        refuses: (operation) => (operation === "DeploymentStore.changeDesiredState" && isAway ? "away" : false)
      })
    )
  })

  it.effect(
    "over three days of schedules and an outage, each preview stops once, 6 hours after its last request",
    () => {
      const hour = 3_600_000
      const quarter = hour / 4
      // When virtual time begins.
      const start = 1_893_456_000_000
      const outage = { from: start + 20 * hour, until: start + 30 * hour }
      const lastRequests = new Map(
        Array.from({ length: 10 }, (_, nth) => [`d_${nth + 2}`, start + nth * 5 * hour] as const)
      )
      const isAway = (_: number, { since }: { readonly since: number }) =>
        since + sixHours >= outage.from && since + sixHours < outage.until
      return Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        assert.strictEqual(engine.time.now, start)
        yield* withLive
        yield* Effect.forEach(lastRequests.keys(), (id, nth) => seedPreview(id, nth + 2))
        for (let run = 0; run < 3 * 96; run++) {
          yield* scaleDown
          yield* engine.advance(quarter)
        }
        assert.sameMembers(yield* stops, [...lastRequests.keys()])
        for (const [id, last] of lastRequests) {
          const { desired_state, updated_at } = yield* deploymentRow(id)
          assert.strictEqual(desired_state, "standby")
          const due = last + sixHours
          const expected = due >= outage.from && due < outage.until ? outage.until : due
          assert.isAtLeast(updated_at ?? 0, expected, id)
          assert.isAtMost(updated_at ?? 0, expected + quarter + 1000, id)
        }
      }).pipe(on(idlePreviews({ lastRequests, isAway })))
    }
  )
})
