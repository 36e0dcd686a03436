import { assert, describe, it } from "@effect/vitest"
import { isoTime } from "../../src/text/isoTime.ts"

describe("a time as text", () => {
  it.each([
    [0, "1970-01-01T00:00:00.000Z"],
    [1_764_489_600_000, "2025-11-30T08:00:00.000Z"],
    [Number.MAX_VALUE, "+275760-09-13T00:00:00.000Z"],
    [-Number.MAX_VALUE, "-271821-04-20T00:00:00.000Z"]
  ])("of %s is %s", (millis, text) => assert.strictEqual(isoTime(millis), text))
})
