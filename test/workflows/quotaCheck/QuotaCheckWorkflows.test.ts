import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { UsageNotConfigured } from "../../../src/contract/errors.ts"
import { QuotaCheckService } from "../../../src/contract/QuotaCheckService.ts"
import { QuotaNoticeService } from "../../../src/contract/QuotaNoticeService.ts"
import { NotificationFailed } from "../../../src/services/quotaCheck/Notifier.ts"
import { MemoryUsage } from "../../support/memory/MemoryUsage.ts"
import { seedWorkspace } from "../../support/memory/quotaSeeds.ts"
import { sized } from "../../support/size.ts"
import { ControlPlane, on } from "../../support/workflows/ControlPlane.ts"
import { answerOf, journalBytes, timed } from "../../support/workflows/queries.ts"
import { runCheck, submitCheck, Upkeep, withUpkeep } from "../../support/workflows/Upkeep.ts"

const answered = (workspacesChecked: number, workspacesExceeded: number, notificationsSent: number) =>
  Either.right({ workspacesChecked, workspacesExceeded, notificationsSent })

const use = (workspaceId: string, used: number, month = 1, year = 2030) =>
  Effect.map(MemoryUsage, (usage) => usage.use(year, month, workspaceId, used))

/** Workspaces whose quota of 1000 is used up. */
const seedExceeding = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, nth) => `ws_${String(nth).padStart(4, "0")}`),
    (id) => Effect.zipRight(seedWorkspace(id, 1000, { name: `shop ${id}` }), use(id, 2000))
  )

const told = Effect.map(Upkeep, ({ notices }) => notices.map(({ kind, workspaceId }) => `${kind} ${workspaceId}`))

describe("a quota check", () => {
  it.effect("tells about each workspace that uses too much, and about no other", () =>
    Effect.gen(function* () {
      yield* seedWorkspace("ws_above", 1000, {
        name: "Shop",
        org_id: "org_1",
        stripe_customer_id: "cus_1",
        tier: "Pro"
      })
      yield* seedWorkspace("ws_below", 1000)
      yield* seedWorkspace("ws_disabled", 1000, { enabled: false })
      yield* seedWorkspace("ws_unlimited", 0)
      yield* seedWorkspace("ws_without", null)
      for (const id of ["ws_above", "ws_disabled", "ws_unlimited", "ws_without", "ws_gone"]) yield* use(id, 1500)
      yield* use("ws_below", 999)
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(6, 1, 1))
      const { beats, notices, reports } = yield* Upkeep
      assert.deepStrictEqual(notices, [
        {
          kind: "first",
          workspaceId: "ws_above",
          workspaceName: "Shop",
          orgId: "org_1",
          stripeCustomerId: "cus_1",
          tier: "Pro",
          limit: 1000,
          used: 1500
        }
      ])
      assert.deepStrictEqual(beats, ["quota_check"])
      assert.deepStrictEqual(reports.at(-1), ["quota_check", 6])
    }).pipe(on(withUpkeep()))
  )

  it.effect("[W55] sees what is below the usual minimum when it is told to", () =>
    Effect.gen(function* () {
      yield* seedWorkspace("ws_small", 10)
      yield* use("ws_small", 20)
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(1, 1, 1))
      const { pages } = yield* MemoryUsage
      assert.deepInclude(pages[0], { year: 2030, month: 1, minimum: 1, after: "" })
    }).pipe(on(withUpkeep({ minimumUsage: 1 })))
  )

  it.effect("tells once, and again after six days and twenty hours", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedExceeding(1)
      const sent: Array<number> = []
      for (let nth = 0; nth < 15; nth++) {
        const answer = Either.getOrThrow(yield* runCheck("2030-01"))
        assert.strictEqual(answer.workspacesExceeded, 1)
        if (answer.notificationsSent === 1) sent.push(nth)
        yield* engine.advance("1 day")
      }
      assert.deepStrictEqual(sent, [0, 7, 14])
      assert.deepStrictEqual(yield* told, ["first ws_0000", "reminder ws_0000", "reminder ws_0000"])
    }).pipe(on(withUpkeep()))
  )

  it.effect("[W35] of a key that is no month is refused at once, with 400", () =>
    Effect.gen(function* () {
      for (const key of ["2030-13", "2030", "2030-01-01", "now"]) {
        const invocation = yield* submitCheck(key)
        assert.deepInclude(yield* answerOf(invocation), { code: 400 })
        assert.strictEqual(invocation.attempts, 1)
      }
    }).pipe(on(withUpkeep()))
  )

  it.effect("without an analytics database fails at once instead of passing, and tells the monitor nothing", () =>
    Effect.gen(function* () {
      yield* seedExceeding(1)
      assert.deepStrictEqual(yield* runCheck("2030-01"), Either.left(new UsageNotConfigured()))
      assert.deepStrictEqual((yield* Upkeep).beats, [])
    }).pipe(on(withUpkeep({ isConfigured: false })))
  )

  it.effect("[W18] ends when neither Slack nor the monitor answers; the notice is sent by the next check", () => {
    let isAway = true
    return Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedExceeding(1)
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(1, 1, 0))
      assert.deepStrictEqual(engine.stateOf(QuotaNoticeService.name, "ws_0000"), {})
      isAway = false
      yield* engine.advance("1 day")
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(1, 1, 1))
      assert.deepStrictEqual(yield* told, ["first ws_0000"])
    }).pipe(
      on(
        withUpkeep({
          isMonitorAway: true,
          failureOf: () => (isAway ? new NotificationFailed({ reason: "timeout" }) : undefined)
        })
      )
    )
  })

  it.effect("[W18] gives up on a Slack that is away after three notices, and remembers those that arrived", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedExceeding(20)
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(20, 20, 2))
      assert.strictEqual((yield* Upkeep).deliveries, 2 + 3 * 3)
      for (const id of ["ws_0000", "ws_0001"])
        assert.property(engine.stateOf(QuotaNoticeService.name, id), "last_notice")
      assert.deepStrictEqual(engine.stateOf(QuotaNoticeService.name, "ws_0002"), {})
    }).pipe(
      on(withUpkeep({ failureOf: (nth) => (nth > 2 ? new NotificationFailed({ reason: "unreachable" }) : undefined) }))
    )
  )

  it.effect("waits as long as Slack asks it to, and holds nothing meanwhile", () =>
    Effect.gen(function* () {
      yield* seedExceeding(1)
      const { answer, took } = yield* timed(runCheck("2030-01"))
      assert.deepStrictEqual(answer, answered(1, 1, 1))
      assert.isAtLeast(took, 30_000)
      assert.isBelow(took, 32_000)
      const { engine } = yield* ControlPlane
      const exclusive = engine.invocations.filter(({ target }) => target.handler === "Notify")
      assert.lengthOf(exclusive, 2)
      for (const { entries } of exclusive)
        assert.notInclude(
          entries.map(({ kind }) => kind),
          "sleep"
        )
    }).pipe(
      on(
        withUpkeep({
          failureOf: (nth) =>
            nth === 1 ? new NotificationFailed({ reason: "refused", status: 429, retryAfterSeconds: 30 }) : undefined
        })
      )
    )
  )

  it.effect("is not held up for more than a minute, whatever Slack asks for", () =>
    Effect.gen(function* () {
      yield* seedExceeding(1)
      const { took } = yield* timed(runCheck("2030-01"))
      assert.isBelow(took, 130_000)
    }).pipe(
      on(
        withUpkeep({
          failureOf: () => new NotificationFailed({ reason: "refused", status: 429, retryAfterSeconds: 86_400 })
        })
      )
    )
  )

  it.effect("that runs twice at once tells once", () =>
    Effect.gen(function* () {
      yield* seedExceeding(3)
      const runs = [yield* submitCheck("2030-01"), yield* submitCheck("2030-01")]
      for (const run of runs) assert.deepInclude(yield* answerOf(run), { code: 200 })
      assert.lengthOf(yield* told, 3)
    }).pipe(on(withUpkeep()))
  )

  it.effect("reads what the Go worker remembers: neither forgets nor repeats its notices", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedExceeding(3)
      const now = engine.time.now / 1000
      engine.setState(QuotaCheckService.name, "2030-01", "notified_workspaces", {
        ws_0000: now - 86_400,
        ws_0001: now - 7 * 86_400,
        ws_left: now - 20 * 86_400
      })
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(3, 3, 2))
      assert.deepStrictEqual(yield* told, ["reminder ws_0001", "first ws_0002"])
      const remembered = engine.stateOf(QuotaCheckService.name, "2030-01").notified_workspaces
      assert.deepStrictEqual(remembered, { ws_0000: now - 86_400, ws_0001: now - 7 * 86_400 })
      yield* engine.advance("15 days")
      yield* runCheck("2030-01")
      assert.deepStrictEqual(engine.stateOf(QuotaCheckService.name, "2030-01"), {})
    }).pipe(on(withUpkeep()))
  )

  /** January, February and March in `npm test`: what could grow would grow with each month. */
  const { days, months } = sized({ months: 3, days: 90 }, { months: 12, days: 365 })

  it.effect("[W34] [W18] over months of daily checks keeps every object's state and journal small", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const count = 120
      const ids = Array.from({ length: count }, (_, nth) => `ws_${String(nth).padStart(4, "0")}`)
      yield* Effect.forEach(ids, (id) => seedWorkspace(id, 1000))
      for (let month = 1; month <= months; month++) for (const id of ids) yield* use(id, 2000, month)
      for (let nth = 0; nth < days; nth++) {
        const month = new Date(engine.time.now).toISOString().slice(0, 7)
        assert.deepInclude(Either.getOrThrow(yield* runCheck(month)), { workspacesExceeded: count })
        yield* engine.advance("1 day")
      }
      const keys = new Set(engine.invocations.map(({ target }) => `${target.service} ${target.key}`))
      for (const each of keys) {
        const [service = "", key = ""] = each.split(" ")
        assert.isBelow(JSON.stringify(engine.stateOf(service, key)).length, 100, each)
      }
      const { notices } = yield* Upkeep
      const ofOne = notices.filter(({ workspaceId }) => workspaceId === "ws_0000").map(({ kind }) => kind)
      assert.lengthOf(
        ofOne.filter((kind) => kind === "first"),
        months
      )
      assert.lengthOf(ofOne, months * 5 - 1, "a notice on days 1, 8, 15, 22 and 29, except in a February of 28 days")
      const slices = engine.invocations.filter(({ target }) => target.handler === "CheckSlice")
      assert.isBelow(Math.max(...slices.map((slice) => journalBytes(slice).largest)), 16_384)
    }).pipe(on(withUpkeep()))
  )

  it.effect("of many workspaces is made of short invocations", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const usage = yield* MemoryUsage
      for (let nth = 0; nth < 50_001; nth++) usage.use(2030, 1, `ws_${String(nth).padStart(6, "0")}`, 150)
      yield* seedWorkspace("ws_011999", 100)
      yield* seedWorkspace("ws_050000", 100)
      const check = yield* submitCheck("2030-01")
      assert.deepInclude(yield* answerOf(check), { code: 200 })
      const slices = engine.invocations.filter(({ target }) => target.handler === "CheckSlice")
      assert.lengthOf(slices, 2)
      for (const { entries } of slices) assert.isBelow(entries.length, 60)
      assert.deepStrictEqual(yield* told, ["first ws_011999", "first ws_050000"])
    }).pipe(on(withUpkeep()))
  )

  it.effect("ends a page, and its invocation, where many exceed their quota, and goes on with the next one", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* seedExceeding(450)
      const usage = yield* MemoryUsage
      usage.use(2030, 1, "ws_0199_below", 999_999)
      yield* seedWorkspace("ws_0199_below", 1_000_000)
      assert.deepStrictEqual(yield* runCheck("2030-01"), answered(451, 450, 450))
      assert.lengthOf(new Set(yield* told), 450)
      const slices = engine.invocations.filter(({ target }) => target.handler === "CheckSlice")
      assert.lengthOf(slices, 3)
      assert.deepStrictEqual(
        usage.pages.map(({ after }) => after),
        ["", "ws_0199_below", "ws_0399"]
      )
    }).pipe(on(withUpkeep()))
  )
})
