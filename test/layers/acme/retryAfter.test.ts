import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { retryAfter } from "../../../src/layers/acme/retryAfter.ts"

const now = Date.UTC(2026, 10, 25, 12, 0, 0)
const week = 7 * 24 * 3_600_000

describe("Retry-After", () => {
  for (const [header, expected] of [
    ["0", now],
    ["1", now + 1_000],
    [" 7200 ", now + 7_200_000],
    ["9999999999", now + week],
    ["Wed, 25 Nov 2026 12:00:30 GMT", now + 30_000],
    ["Wed, 25 Nov 2026 11:00:00 GMT", now],
    ["Fri, 01 Jan 2100 00:00:00 GMT", now + week],
    [undefined, null],
    ["", null],
    ["-5", null],
    ["1.5", null],
    ["soon", null],
    ["2026-11-25", null],
    ["Wed, 25 Nov 2026 25:61:00 GMT", null],
    ["Wed, 25 Xyz 2026 12:00:30 GMT", null]
  ] as const)
    it(`"${header}" is ${expected === null ? "no time" : `${(expected - now) / 1000} s from now`}`, () => {
      assert.strictEqual(retryAfter(header, now), expected)
    })

  it("is no time, or within the next seven days, whatever the header says", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.date().map((date) => date.toUTCString())
        ),
        (text) => {
          const instant = retryAfter(text, now)
          assert.isTrue(instant === null || (instant >= now && instant <= now + week))
        }
      )
    )
  })
})
