import { assert, describe, it } from "@effect/vitest"
import { Cron, Either } from "effect"
import * as fc from "fast-check"
import { firstFiring, nextFiring } from "../src/operations/Recurrence.ts"

const cron = (expression: string, zone: string) => Either.getOrThrow(Cron.parse(expression, zone))
const at = (iso: string) => Date.parse(iso)

describe("when a recurrence fires", () => {
  it("a late firing is followed by the next one to come, or by each that was missed", () => {
    const due = at("2030-01-01T00:00:00Z")
    const late = at("2030-01-01T03:10:00Z")
    assert.strictEqual(nextFiring("1 hour", "skip", due, late), at("2030-01-01T04:00:00Z"))
    assert.strictEqual(nextFiring("1 hour", "queue", due, late), at("2030-01-01T01:00:00Z"))
    const hourly = cron("0 * * * *", "UTC")
    assert.strictEqual(nextFiring(hourly, "skip", due, late), at("2030-01-01T04:00:00Z"))
    assert.strictEqual(nextFiring(hourly, "queue", due, late), at("2030-01-01T01:00:00Z"))
  })

  it("a cron expression fires at the hour of its time zone, also when the clocks change", () => {
    const morning = cron("0 9 * * *", "Europe/Berlin")
    assert.strictEqual(firstFiring(morning, at("2030-03-30T12:00:00Z")), at("2030-03-31T07:00:00Z"))
    assert.strictEqual(firstFiring(morning, at("2030-01-01T12:00:00Z")), at("2030-01-02T08:00:00Z"))
  })

  it("the next firing comes after the one before, one interval later or at the first one after now", () => {
    const interval = fc.integer({ min: 1, max: 10_000_000 })
    const due = fc.integer({ min: 0, max: 4_000_000_000_000 })
    const late = fc.integer({ min: 0, max: 100_000_000 })
    fc.assert(
      fc.property(interval, due, late, (millis, then, behind) => {
        const now = then + behind
        const skipped = nextFiring(millis, "skip", then, now)
        assert.strictEqual(nextFiring(millis, "queue", then, now), then + millis)
        assert.isTrue(skipped > now && skipped - millis <= now && (skipped - then) % millis === 0)
        assert.strictEqual(firstFiring(millis, now), now + millis)
      })
    )
  })
})
