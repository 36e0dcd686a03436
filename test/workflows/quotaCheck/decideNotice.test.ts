import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as fc from "fast-check"
import {
  billingPeriod,
  dueNotice,
  isExceeded,
  reminderAfterSeconds
} from "../../../src/workflows/quotaCheck/decideNotice.ts"

const day = 86_400
const workspace = {
  workspaceId: "ws_1",
  orgId: "org_1",
  name: "shop",
  stripeCustomerId: null,
  tier: "Free",
  enabled: true,
  requestsPerMonth: 1000 as number | null
}

describe("a billing period", () => {
  for (const [name, year, month] of [
    ["2026-01", 2026, 1],
    ["2026-12", 2026, 12]
  ] as const)
    it(`${name} is read`, () => {
      assert.deepStrictEqual(billingPeriod(name), Either.right({ name, year, month }))
    })

  for (const key of [
    "",
    "2026",
    "2026-13",
    "2026-00",
    "2026-1",
    "26-01",
    "2026-01-01",
    "2026/01",
    " 2026-01",
    "2026-01 "
  ])
    it(`[W35] ${JSON.stringify(key)} is refused with 400`, () => {
      assert.isTrue(Either.isLeft(billingPeriod(key)))
    })
})

describe("a quota", () => {
  for (const [what, columns, used, expected] of [
    ["is not exceeded below its limit", {}, 999, false],
    ["is exceeded when it is just used up", {}, 1000, true],
    ["is exceeded above its limit", {}, 1001, true],
    ["that is missing is no limit", { requestsPerMonth: null }, 1_000_000, false],
    ["[W55] of 0 is no limit", { requestsPerMonth: 0 }, 1_000_000, false],
    ["below 0 is no limit", { requestsPerMonth: -1 }, 1_000_000, false],
    ["of a disabled workspace does not matter", { enabled: false }, 1_000_000, false]
  ] as const)
    it(what, () => {
      assert.strictEqual(isExceeded({ ...workspace, ...columns }, used), expected)
    })
})

describe("a notice", () => {
  const last = { period: "2026-02", at: 1_000_000 }
  for (const [what, before, now, expected] of [
    ["is due when there was none", null, 1_000_000, "first"],
    ["is not due again the next day", last, last.at + day, null],
    ["is not due before six days and twenty hours", last, last.at + 6 * day + 20 * 3_600 - 1, null],
    ["is due again after six days and twenty hours, as a reminder", last, last.at + 6 * day + 20 * 3_600, "reminder"],
    ["is due in a new period, however recent the last one", { ...last, period: "2026-01" }, last.at + 1, "first"],
    ["is not due when the clock went back", last, last.at - 5 * day, null]
  ] as const)
    it(what, () => {
      assert.strictEqual(dueNotice("2026-02", before, now), expected)
    })

  it("is due once and then with every seventh daily check, also when checks are some hours early or late", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -7_200, max: 7_200 }), { minLength: 29, maxLength: 29 }), (jitter) => {
        let last: { readonly period: string; readonly at: number } | null = null
        const told: Array<number> = []
        jitter.forEach((seconds, nth) => {
          const now: number = 1_000_000_000 + nth * day + seconds
          const kind = dueNotice("2026-02", last, now)
          if (kind === null) return
          assert.strictEqual(kind, told.length === 0 ? "first" : "reminder")
          told.push(nth)
          last = { period: "2026-02", at: now }
        })
        assert.deepStrictEqual(told, [0, 7, 14, 21, 28])
      })
    )
    assert.strictEqual(reminderAfterSeconds, 590_400)
  })
})
