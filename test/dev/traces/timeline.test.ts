import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { formatTick } from "../../../dev/traces/format.ts"
import { gapsOf, placeOf, ticksOf } from "../../../dev/traces/timeline.ts"
import { formatClock, formatMillis, formatMoment } from "../../../src/console/page/ui/format.ts"

const interval = fc.tuple(fc.nat(100), fc.nat(100)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }))

describe("the time axis", () => {
  it("finds as gaps exactly the moments that nothing covers", () => {
    fc.assert(
      fc.property(interval, fc.array(interval, { maxLength: 8 }), (whole, parts) => {
        const gaps = gapsOf(whole, parts)
        for (let at = whole.start + 0.5; at < whole.end; at++) {
          const holds = (it: { readonly start: number; readonly end: number }) => it.start < at && at < it.end
          assert.strictEqual(gaps.some(holds), !parts.some(holds))
        }
        assert.isTrue(gaps.every(({ end, start }) => whole.start <= start && start < end && end <= whole.end))
      })
    )
  })

  it("never puts anything outside of itself", () => {
    fc.assert(
      fc.property(interval, interval, (axis, own) => {
        const { left, width } = placeOf(axis, own)
        assert.isTrue(left >= 0 && width >= 0 && left + width <= 100 + 1e-9)
      })
    )
  })

  it("has a few round ticks, from zero, for any length", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (total) => {
        const ticks = ticksOf(total, 6)
        assert.isTrue(ticks.length >= 2 && ticks.length <= 7)
        assert.strictEqual(ticks[0], 0)
        assert.isTrue((ticks.at(-1) ?? 0) <= total)
      })
    )
    assert.deepStrictEqual(ticksOf(1880, 6), [0, 500, 1000, 1500])
    assert.deepStrictEqual(ticksOf(0, 6), [0])
  })

  it.each([
    [0, "0.0 ms"],
    [0.44, "0.4 ms"],
    [9.4, "9.4 ms"],
    [9.96, "10 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [59_994, "59.99 s"],
    [59_996, "1 min 0 s"],
    [125_000, "2 min 5 s"],
    [3_599_600, "1 h 0 min"],
    [5_430_000, "1 h 31 min"],
    [200_000_000, "2 d 8 h"]
  ])("tells a length of %s ms as %s", (millis, text) => assert.strictEqual(formatMillis(millis), text))

  it.each([
    [0, 500, "0"],
    [500, 500, "500 ms"],
    [1500, 500, "1.5 s"],
    [0.2, 0.1, "0.2 ms"],
    [120_000, 60_000, "2 min 0 s"]
  ])("labels the moment %s ms, %s ms apart, %s", (at, step, text) => assert.strictEqual(formatTick(at, step), text))

  it("tells the time of day to the millisecond", () => {
    assert.strictEqual(formatClock(Date.UTC(2026, 10, 25, 6, 17, 46, 98), "UTC"), "06:17:46.098")
  })

  it("tells a date with its time zone", () => {
    assert.strictEqual(formatMoment(Date.UTC(2026, 10, 25, 6, 17, 46), "UTC"), "25 Nov 2026, 06:17:46 UTC")
    assert.strictEqual(formatMoment(Date.UTC(2026, 10, 25, 6, 17, 46), "Europe/Paris"), "25 Nov 2026, 07:17:46 CET")
  })
})
