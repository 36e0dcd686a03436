import { readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  cancellationMatrix,
  compareJournals,
  crashMatrix,
  MemoryRestate,
  type MemoryRestateOptions,
  recordJournals
} from "effect-restate/testing"
import { MaintenanceService, NoticeStands, WindowRefused } from "./MaintenanceService.ts"
import { MaintenanceWorkflows } from "./MaintenanceWorkflows.ts"
import { memoryStatusPage, StatusPageLog } from "./MemoryStatusPage.ts"

const served = (options: MemoryRestateOptions = {}) =>
  Effect.gen(function* () {
    const engine = new MemoryRestate(options)
    yield* engine.serve(MaintenanceWorkflows)
    return engine
  })

const anHour = { minutes: 60, text: "The database moves." }

describe("an announcement", () => {
  it.effect("stands for exactly as long as the window, then subscribers are told", () =>
    Effect.gen(function* () {
      const engine = yield* served()
      const { shown, told } = yield* StatusPageLog
      const running = engine.submit(MaintenanceService, "prj_1", "Announce", anHour)
      yield* engine.advance("59 minutes")
      assert.strictEqual(shown.get("prj_1")?.text, anHour.text)
      yield* engine.advance("1 minute")
      assert.isTrue((yield* engine.result(running)).ok)
      assert.deepStrictEqual([shown.size, told.size], [0, 1])
    }).pipe(Effect.provide(memoryStatusPage()))
  )

  it.effect("is taken back at once when it is cancelled, and answers 409", () =>
    Effect.gen(function* () {
      const engine = yield* served()
      const { shown, told } = yield* StatusPageLog
      const running = engine.submit(MaintenanceService, "prj_1", "Announce", anHour)
      yield* engine.advance("10 minutes")
      engine.cancel(running.id)
      const result = yield* engine.result(running)
      assert.strictEqual(result.ok ? 200 : result.error.code, 409)
      assert.deepStrictEqual([shown.size, told.size], [0, 0])
    }).pipe(Effect.provide(memoryStatusPage()))
  )

  it.effect("is refused, as a class of its own, when it is too long or another one stands", () =>
    Effect.gen(function* () {
      const engine = yield* served()
      engine.submit(MaintenanceService, "prj_1", "Announce", anHour)
      yield* engine.settle
      const tooLong = engine.call(MaintenanceService, "prj_2", "Announce", { minutes: 481, text: "" })
      assert.instanceOf(yield* Effect.flip(tooLong), WindowRefused)
      const second = engine.call(MaintenanceService, "prj_1", "Announce", anHour)
      assert.instanceOf(yield* Effect.flip(second), NoticeStands)
      assert.isTrue((yield* StatusPageLog).shown.has("prj_1"), "the first one still stands")
    }).pipe(Effect.provide(memoryStatusPage()))
  )

  it.effect("ends well although subscribers cannot be told", () =>
    Effect.gen(function* () {
      const engine = yield* served()
      const answer = yield* engine.call(MaintenanceService, "prj_1", "Announce", anHour)
      assert.deepStrictEqual(answer, { subscribersTold: false })
    }).pipe(Effect.provide(memoryStatusPage({ mailIsAway: true })))
  )
})

/** A whole story on a world of its own; it answers with all that no crash may change. */
const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const engine = yield* served(options)
    const { shown, told } = yield* StatusPageLog
    const first = engine.submit(MaintenanceService, "prj_1", "Announce", anHour)
    const cancelled = engine.submit(MaintenanceService, "prj_2", "Announce", anHour)
    yield* engine.advance("30 minutes")
    engine.cancel(cancelled.id)
    yield* engine.drain
    const { ok } = yield* engine.result(first)
    return { ok, shown: [...shown.keys()], told: told.size, journals: recordJournals(engine.invocations) }
  }).pipe(Effect.provide(memoryStatusPage()))

describe("whatever happens to the worker, an announcement", () => {
  it.effect("comes to the same end: killed anywhere, suspended, shuffled", () =>
    crashMatrix((options) => Effect.map(story(options), ({ journals: _, ...outcome }) => outcome))
  )

  it.effect("has come to its end or is taken down when it is cancelled, wherever that is", () =>
    cancellationMatrix((options) => Effect.map(story(options), ({ journals: _, ...outcome }) => outcome), {
      outcomes: ({ shown, told }) => shown.length === 0 && told <= 1
    })
  )

  it.effect("has the journal that is recorded, so that invocations in flight survive an upgrade", () =>
    Effect.gen(function* () {
      const { journals } = yield* story({})
      const file = new URL("fixtures/announce.json", import.meta.url)
      if (process.env.UPDATE_JOURNALS === "1") writeFileSync(file, `${JSON.stringify(journals, null, 2)}\n`)
      const recorded = JSON.parse(readFileSync(file, "utf8"))
      assert.deepStrictEqual(compareJournals(recorded, journals), [])
      assert.sameMembers(Object.keys(journals), Object.keys(recorded))
    })
  )
})
