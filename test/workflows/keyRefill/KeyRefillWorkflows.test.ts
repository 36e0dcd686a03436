import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { KeyRefillService } from "../../../src/contract/KeyRefillService.ts"
import { keyRow, seedKey } from "../../support/memory/keySeeds.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { onceAt } from "../../support/workflows/faults.ts"
import { answerOf, journalBytes, rows } from "../../support/workflows/queries.ts"
import { refillProgress, runRefill, submitRefill, Upkeep, withUpkeep } from "../../support/workflows/Upkeep.ts"

const service = KeyRefillService.name
const answered = (keysRefilled: number) => Either.right({ keysRefilled })
const seedMany = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, nth) => nth),
    (nth) => seedKey(`key_${nth}`),
    { discard: true }
  )
const stateBytes = (key: string) =>
  Effect.map(ControlPlane, ({ engine }) => JSON.stringify(engine.stateOf(service, key)).length)
const day = 86_400_000

describe("a run of key refills", () => {
  it.effect("answers with the number of keys, tells the monitor and shows how far it is", () =>
    Effect.gen(function* () {
      yield* seedMany(5)
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(5))
      const { beats, reports } = yield* Upkeep
      assert.deepStrictEqual(beats, ["key_refill"])
      assert.deepStrictEqual(reports.at(-1), ["key_refill", 5])
    }).pipe(on(withUpkeep()))
  )

  it.effect("can be asked how far it is while it runs, without waiting for it", () =>
    Effect.gen(function* () {
      yield* seedMany(60)
      const { engine } = yield* ControlPlane
      const running = yield* submitRefill("2026-02-28")
      const before = yield* refillProgress("2026-02-28")
      yield* engine.result(running)
      assert.isTrue(Either.isRight(before) && !before.right.done)
      const after = yield* refillProgress("2026-02-28")
      assert.deepInclude(Either.getOrThrow(after), { keysRefilled: 60, done: true, highest: "60" })
    }).pipe(on(withUpkeep({ batchSize: 1 })))
  )

  it.effect("[W35] of a key that is no date is refused at once, with 400, and touches nothing", () =>
    Effect.gen(function* () {
      yield* seedMany(1)
      for (const key of ["2026-02-29", "2026-02", "today"]) {
        const invocation = yield* submitRefill(key)
        assert.deepInclude(yield* answerOf(invocation), { code: 400 })
        assert.strictEqual(invocation.attempts, 1)
      }
      assert.deepInclude(yield* keyRow("key_0"), { remaining_requests: 0 })
    }).pipe(on(withUpkeep()))
  )

  it.effect("[W9] writes one audit row per key when every acknowledgement is lost", () =>
    Effect.gen(function* () {
      yield* seedMany(3)
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(3))
      const { audit_log, audit_log_target } = yield* rows
      assert.lengthOf(audit_log, 3)
      assert.lengthOf(audit_log_target, 6)
    }).pipe(on({ ...withUpkeep(), faults: onceAt("refill-batch", "after-body") }))
  )

  it.effect("[W18] ends, and leaves the object free, when the monitor does not answer", () =>
    Effect.gen(function* () {
      yield* seedMany(3)
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(3))
      assert.deepStrictEqual((yield* Upkeep).beats, [])
    }).pipe(on(withUpkeep({ isMonitorAway: true })))
  )

  it.effect("[W34] keeps a few bytes and short journals however many keys there are", () =>
    Effect.gen(function* () {
      yield* seedMany(10)
      yield* runRefill("2026-02-27")
      const few = yield* stateBytes("2026-02-27")
      yield* Effect.forEach(
        Array.from({ length: 490 }, (_, nth) => nth),
        (nth) => seedKey(`more_${nth}`),
        { discard: true }
      )
      const running = yield* submitRefill("2026-02-28")
      const { engine } = yield* ControlPlane
      yield* engine.result(running)
      assert.isAtMost((yield* stateBytes("2026-02-28")) - few, 8)
      assert.isAtMost(yield* stateBytes("2026-02-28"), 100)
      const slices = engine.invocations.filter(
        ({ target }) => target.handler === "RefillSlice" && target.key === "2026-02-28"
      )
      assert.isAbove(slices.length, 5)
      for (const slice of slices) {
        assert.isAtMost(slice.entries.length, 100)
        assert.isBelow(journalBytes(slice).total, 10_000)
      }
      assert.isAtMost(running.entries.length, slices.length + 5)
    }).pipe(on(withUpkeep({ batchSize: 2 })))
  )

  it.effect("that was killed is brought to its end when it is asked for again", () =>
    Effect.gen(function* () {
      yield* seedMany(60)
      const { engine } = yield* ControlPlane
      const first = yield* submitRefill("2026-02-28")
      yield* engine.until(() => engine.stateOf(service, "2026-02-28").progress !== undefined)
      engine.cancel(first.id)
      yield* engine.result(first)
      const done = (yield* rows).audit_log.length
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(60 - done))
      assert.lengthOf((yield* rows).audit_log, 60)
      assert.deepInclude(Either.getOrThrow(yield* refillProgress("2026-02-28")), { keysRefilled: 60, done: true })
    }).pipe(on(withUpkeep({ batchSize: 1 })))
  )

  it.effect("that is repeated answers what it has refilled itself, and refills what became due since", () =>
    Effect.gen(function* () {
      const world = yield* World
      yield* seedMany(5)
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(5))
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(0))
      yield* seedKey("key_late")
      // Used up again: refilled for the date already.
      yield* world.update("keys", { id: "key_1" }, { remaining_requests: 0 })
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(1))
      assert.deepInclude(yield* keyRow("key_late"), { remaining_requests: 100 })
      assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: 0 })
      assert.deepInclude(Either.getOrThrow(yield* refillProgress("2026-02-28")), { keysRefilled: 6, done: true })
    }).pipe(on(withUpkeep()))
  )

  it.effect("that is asked for many times at once counts each key for one of them", () =>
    Effect.gen(function* () {
      yield* seedMany(60)
      const { engine } = yield* ControlPlane
      const runs = yield* Effect.replicateEffect(submitRefill("2026-02-28"), 4)
      const answers = yield* Effect.forEach(runs, (invocation) => engine.result(invocation))
      const counts = answers.map((answer) =>
        answer.ok
          ? Number(/\d+/.exec(new TextDecoder().decode(answer.bytes))?.[0] ?? 0)
          : assert.fail(answer.error.message)
      )
      assert.strictEqual(
        counts.reduce((sum, count) => sum + count, 0),
        60
      )
      assert.lengthOf((yield* rows).audit_log, 60)
    }).pipe(on(withUpkeep({ batchSize: 1 })))
  )

  it.effect(
    "[W45] leaves a key alone whose refill is switched off before its turn, instead of making it unlimited",
    () =>
      Effect.gen(function* () {
        const world = yield* World
        yield* seedMany(60)
        const { engine } = yield* ControlPlane
        const running = yield* submitRefill("2026-02-28")
        yield* engine.until(() => engine.stateOf(service, "2026-02-28").progress !== undefined)
        yield* world.update("keys", { id: "key_59" }, { refill_amount: null, remaining_requests: 3 })
        assert.deepInclude(yield* answerOf(running), { code: 200 })
        assert.deepInclude(yield* keyRow("key_59"), { remaining_requests: 3 })
      }).pipe(on(withUpkeep({ batchSize: 1 })))
  )

  it.effect("leaves alone the keys on the Go worker's list, however often it is repeated", () =>
    Effect.gen(function* () {
      yield* seedMany(4)
      const { engine } = yield* ControlPlane
      engine.setState(service, "2026-02-28", "processed_keys", { key_1: true, key_3: true })
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(2))
      assert.deepStrictEqual(yield* runRefill("2026-02-28"), answered(0))
      assert.deepInclude(yield* keyRow("key_1"), { remaining_requests: 0 })
    }).pipe(on(withUpkeep()))
  )

  it.effect("on every day of a leap year gives each key its month, its days, and one audit row for each", () =>
    Effect.gen(function* () {
      const world = yield* World
      const keys = { daily: null, first: 1, on28: 28, on29: 29, on30: 30, on31: 31 } as const
      yield* Effect.forEach(Object.entries(keys), ([id, refill_day]) => seedKey(id, { refill_day }))
      const days = Array.from({ length: 366 }, (_, nth) =>
        new Date(Date.UTC(2028, 0, 1) + nth * day).toISOString().slice(0, 10)
      )
      const seen = new Map<string, Array<string>>(Object.keys(keys).map((id) => [id, []]))
      for (const date of days) {
        yield* runRefill(date)
        const { keys: all } = yield* rows
        for (const { id, remaining_requests } of all) if (remaining_requests === 100) seen.get(id)?.push(date)
        yield* Effect.forEach(Object.keys(keys), (id) => world.update("keys", { id }, { remaining_requests: 0 }))
      }
      const lastDays = (day: number) =>
        [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].map(
          (length, month) => `2028-${String(month + 1).padStart(2, "0")}-${Math.min(day, length)}`
        )
      assert.deepStrictEqual(seen.get("daily"), days)
      assert.lengthOf(seen.get("first") ?? [], 12)
      for (const dayOfMonth of [28, 29, 30, 31])
        assert.deepStrictEqual(seen.get(`on${dayOfMonth}`), lastDays(dayOfMonth))
      assert.lengthOf((yield* rows).audit_log, 366 + 5 * 12)
      assert.include(seen.get("on31") ?? [], "2028-02-29")
    }).pipe(on(withUpkeep()))
  )
})
