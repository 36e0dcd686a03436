import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer } from "effect"
import { seedKey } from "../support/memory/keySeeds.ts"
import { MemoryUsage } from "../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../support/memory/quotaSeeds.ts"
import { World } from "../support/memory/World.ts"
import { ControlPlane, on } from "../support/workflows/ControlPlane.ts"
import { idleSearch, scaleDown, seedPreview } from "../support/workflows/idlePreviews.ts"
import { rows } from "../support/workflows/queries.ts"
import { withLive } from "../support/workflows/seeds.ts"
import { runCheck, runRefill, Upkeep, upkeep } from "../support/workflows/Upkeep.ts"

const hourMillis = 3_600_000
const day = 24 * hourMillis
/** When virtual time begins: the first day of 2030. */
const start = 1_893_456_000_000
const days = Array.from({ length: 365 }, (_, nth) => start + nth * day)
const dateOf = (instant: number) => new Date(instant).toISOString().slice(0, 10)
const monthOf = (instant: number) => dateOf(instant).slice(0, 7)
const isFirstOfMonth = (instant: number) => dateOf(instant).endsWith("-01")

/** One preview for each month, with its last request at noon of the month's first day. */
const lastRequests = new Map(
  days.filter(isFirstOfMonth).map((instant, nth) => [`d_${nth + 2}`, instant + day / 2] as const)
)

const workspaces = Array.from({ length: 10 }, (_, nth) => `ws_${nth}`)
const keys = { daily: null, on15: 15, on31: 31 } as const

const seed = Effect.gen(function* () {
  const usage = yield* MemoryUsage
  yield* withLive
  yield* Effect.forEach(lastRequests.keys(), (id, nth) => seedPreview(id, nth + 2))
  yield* Effect.forEach(Object.entries(keys), ([id, refill_day]) => seedKey(id, { refill_day }))
  yield* Effect.forEach(workspaces, (id) => seedWorkspace(id, 1000))
  for (let month = 1; month <= 12; month++) for (const id of workspaces) usage.use(2030, month, id, 2000)
})

const useUp = Effect.flatMap(World, (world) =>
  Effect.forEach(Object.keys(keys), (id) => world.update("keys", { id }, { remaining_requests: 0 }), { discard: true })
)

const refill = (today: number) =>
  Effect.map(runRefill(dateOf(today)), (answer) => assert.isTrue(Either.isRight(answer), dateOf(today)))
const check = (today: number) =>
  Effect.map(runCheck(monthOf(today)), (answer) =>
    assert.deepInclude(Either.getOrThrow(answer), { workspacesExceeded: workspaces.length })
  )
const scan = Effect.map(scaleDown, (answer) => assert.deepStrictEqual(answer, Either.right({})))

/** What is done on a day, and at what hour. The search for idle previews goes on all day; here, on the first of a month. */
const planOf = (today: number) => {
  const scans = isFirstOfMonth(today) ? Array.from({ length: 96 }, (_, nth) => ({ hour: nth / 4, run: scan })) : []
  return [{ hour: 0, run: refill(today) }, { hour: 15, run: check(today) }, { hour: 16, run: useUp }, ...scans].sort(
    (one, other) => one.hour - other.hour
  )
}

const live = (today: number) =>
  Effect.gen(function* () {
    const { engine } = yield* ControlPlane
    for (const { hour, run } of planOf(today)) {
      yield* engine.advance(Math.max(0, today + hour * hourMillis - engine.time.now))
      yield* run
    }
  })

describe("a year of upkeep", () => {
  it.effect("[W34] does all of its work and leaves every object's state small, and nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seed
      yield* Effect.forEach(days, live)
      yield* engine.drain

      const { audit_log, deployments } = yield* rows
      assert.lengthOf(audit_log, 365 + 12 + 12)
      const asleep = deployments.filter(({ desired_state }) => desired_state === "standby").map(({ id }) => id)
      assert.sameMembers(asleep, [...lastRequests.keys()])
      const { beats, notices } = yield* Upkeep
      assert.lengthOf(notices, workspaces.length * (12 * 5 - 1), "on days 1, 8, 15, 22 and 29, where a month has them")
      assert.lengthOf(beats, 2 * 365)

      const objects = new Set(engine.invocations.map(({ target }) => `${target.service} ${target.key}`))
      assert.isAbove(objects.size, 365 + 12 + workspaces.length + lastRequests.size)
      for (const object of objects) {
        const [service = "", key = ""] = object.split(" ")
        // Of the 64 KiB that an object may hold: no state grows with the days, the keys or the workspaces.
        assert.isBelow(JSON.stringify(engine.stateOf(service, key)).length, 128, object)
      }
      assert.deepStrictEqual(new Set(engine.invocations.map(({ status }) => status)), new Set(["completed"]))
    }).pipe(on({ more: Layer.merge(upkeep(), idleSearch({ lastRequests })) }))
  )
})
