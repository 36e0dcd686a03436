import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as fc from "fast-check"
import { refillDate } from "../../../src/workflows/keyRefill/refillDate.ts"

const date = (day: string, dayOfMonth: number, isLastOfMonth: boolean) =>
  Either.right({ day, dayOfMonth, isLastOfMonth })

describe("the key of a refill", () => {
  for (const [key, expected] of [
    ["2026-02-27", date("2026-02-27", 27, false)],
    ["2026-02-28", date("2026-02-28", 28, true)],
    ["2028-02-28", date("2028-02-28", 28, false)],
    ["2028-02-29", date("2028-02-29", 29, true)],
    ["2100-02-28", date("2100-02-28", 28, true)],
    ["2000-02-29", date("2000-02-29", 29, true)],
    ["2026-04-30", date("2026-04-30", 30, true)],
    ["2026-12-30", date("2026-12-30", 30, false)],
    ["2026-12-31", date("2026-12-31", 31, true)],
    ["2026-12-31-again", date("2026-12-31", 31, true)],
    ["2026-12-31-", date("2026-12-31", 31, true)],
    ["2026-12-31-2-3\nx", date("2026-12-31", 31, true)]
  ] as const)
    it(`${JSON.stringify(key)} names a date`, () => {
      assert.deepStrictEqual(refillDate(key), expected)
    })

  for (const key of [
    "",
    "2026",
    "2026-02",
    "2026-02-29",
    "2100-02-29",
    "2026-04-31",
    "2026-13-01",
    "2026-00-01",
    "2026-01-00",
    "2026-01-32",
    "2026-1-1",
    "26-01-01",
    "2026-01-01T00:00",
    "2026/01/01",
    " 2026-01-01",
    "x2026-01-01",
    "-2026-01-01",
    "2026-01-1e",
    "٢٠٢٦-01-01"
  ])
    it(`[W35] ${JSON.stringify(key)} is refused with 400`, () => {
      const refused = refillDate(key)
      assert.isTrue(Either.isLeft(refused))
      if (Either.isLeft(refused)) assert.strictEqual(refused.left.field, "key")
    })

  it("has the calendar of every day from 1970 on", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date(Date.UTC(2399, 11, 31)), noInvalidDate: true }),
        (instant) => {
          const key = instant.toISOString().slice(0, 10)
          const tomorrow = new Date(instant.getTime() + 86_400_000)
          assert.deepStrictEqual(refillDate(key), date(key, instant.getUTCDate(), tomorrow.getUTCDate() === 1))
        }
      ),
      { numRuns: 2000 }
    )
  })

  it("that is anything else is never taken for a date", () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        const read = refillDate(key)
        if (Either.isRight(read))
          assert.strictEqual(new Date(`${read.right.day}T00:00:00Z`).toISOString().slice(0, 10), read.right.day)
      })
    )
  })
})
