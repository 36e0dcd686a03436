import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import {
  askAgainAt,
  decideRenewal,
  drawInWindow,
  type RenewalSnapshot
} from "../../../src/workflows/certificate/decide/decideRenewal.ts"

const hour = 3_600_000
const day = 24 * hour
const notBefore = Date.UTC(2030, 0, 1)

const snapshot = (life: number, more: Partial<RenewalSnapshot> = {}): RenewalSnapshot => ({
  seed: "aki.serial",
  notBefore,
  notAfter: notBefore + life,
  window: null,
  daysBeforeExpiry: 0,
  ...more
})
const plan = (life: number, more: Partial<RenewalSnapshot> = {}, now = notBefore) =>
  decideRenewal(snapshot(life, more), now)
const inDays = (at: number) => (at - notBefore) / day

describe("the instant of a renewal", () => {
  it("is drawn from the window that the CA suggests, the same each time", () => {
    const window = { start: notBefore + 50 * day, end: notBefore + 52 * day }
    const first = plan(90 * day, { window })
    assert.strictEqual(first.reason, "suggested")
    assert.isTrue(first.at >= window.start && first.at <= window.end)
    assert.deepStrictEqual(plan(90 * day, { window }, notBefore + day), first)
    assert.notStrictEqual(plan(90 * day, { window, seed: "another" }).at, first.at)
  })

  it("is uniform in the window: chi-square of 10 000 certificates over 20 classes", () => {
    const window = { start: notBefore, end: notBefore + 2 * day }
    const classes = new Array<number>(20).fill(0)
    for (let index = 0; index < 10_000; index++) {
      const at = drawInWindow(`certificate ${index}`, window)
      const place = Math.min(19, Math.floor(((at - window.start) / (window.end - window.start)) * 20))
      classes[place] = (classes[place] ?? 0) + 1
    }
    const chiSquare = classes.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)
    // 43.82 is the 0.999 quantile with 19 degrees of freedom.
    assert.isBelow(chiSquare, 43.82)
  })

  it("is two thirds of the life without a window, half of it under ten days", () => {
    assert.strictEqual(inDays(plan(60 * day).at), 40)
    assert.strictEqual(inDays(plan(45 * day).at), 30)
    assert.strictEqual(inDays(plan(6 * day).at), 3)
    assert.strictEqual(plan(6 * day).reason, "lifetime")
  })

  it("a window in the past is due at once, as after a mass revocation", () => {
    const now = notBefore + 5 * day
    const decision = plan(90 * day, { window: { start: notBefore + day, end: notBefore + 2 * day } }, now)
    assert.isTrue(decision.isDue)
    assert.strictEqual(decision.reason, "suggested")
  })

  it("a window that ended before the certificate began, or is none, counts as none", () => {
    const stale = { start: notBefore - 2 * day, end: notBefore - hour }
    assert.strictEqual(plan(60 * day, { window: stale }).reason, "lifetime")
    const reversed = { start: notBefore + 2 * day, end: notBefore + day }
    assert.strictEqual(plan(60 * day, { window: reversed }).reason, "lifetime")
  })

  it("[W50] honours the operator's days, but never in the first half of a life", () => {
    assert.deepInclude(plan(90 * day, { daysBeforeExpiry: 40 }), { at: notBefore + 50 * day, reason: "days" })
    assert.strictEqual(inDays(plan(90 * day, { daysBeforeExpiry: 60 }).at), 45)
    assert.strictEqual(inDays(plan(6 * day, { daysBeforeExpiry: 20 }).at), 3)
    assert.strictEqual(inDays(plan(45 * day, { daysBeforeExpiry: 40 }).at), 22.5)
    // A smaller number than what the lifetime says renews no later.
    assert.strictEqual(inDays(plan(90 * day, { daysBeforeExpiry: 5 }).at), 60)
  })

  it("the default of 30 days is for certificates of at least 90 days", () => {
    const late = { start: notBefore + 80 * day, end: notBefore + 81 * day }
    assert.deepInclude(plan(90 * day, { window: late }), { at: notBefore + 60 * day, reason: "days" })
    // The scheduled job always sends it: half of a 45-day life would be renewed away.
    assert.strictEqual(inDays(plan(45 * day, { daysBeforeExpiry: 30 }).at), 30)
    assert.strictEqual(plan(45 * day, { daysBeforeExpiry: 30 }).reason, "lifetime")
  })

  it("the last twentieth of a life overrides whatever the CA suggests", () => {
    const never = { start: notBefore + 59.9 * day, end: notBefore + 60 * day }
    const decision = plan(60 * day, { window: never }, notBefore + 57 * day)
    assert.isTrue(decision.isDue)
    assert.strictEqual(decision.reason, "emergency")
  })

  it("is never after the last twentieth, whatever clock, window and days say", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: hour, max: 398 * day }),
        fc.integer({ min: -500 * day, max: 500 * day }),
        fc.integer({ min: 0, max: 60 * day }),
        fc.integer({ min: 0, max: 3650 }),
        fc.integer({ min: -day, max: 400 * day }),
        (life, start, width, daysBeforeExpiry, elapsed) => {
          const from = notBefore + start
          const now = notBefore + elapsed
          const decision = plan(life, { window: { start: from, end: from + width }, daysBeforeExpiry }, now)
          assert.isAtMost(decision.at, notBefore + life - Math.floor(life / 20))
          assert.strictEqual(decision.isDue, decision.at <= now)
          assert.isTrue(Number.isSafeInteger(decision.at))
        }
      )
    )
  })
})

describe("the next question about renewal", () => {
  it("follows the CA's Retry-After within an hour and a week, and six hours without one", () => {
    assert.strictEqual(askAgainAt(null, 0), 6 * hour)
    assert.strictEqual(askAgainAt(10, 0), hour)
    assert.strictEqual(askAgainAt(2 * day, 0), 2 * day)
    assert.strictEqual(askAgainAt(300 * day, 0), 7 * day)
  })
})
