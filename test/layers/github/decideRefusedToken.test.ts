import { assert, describe, it } from "@effect/vitest"
import { decideRefusedToken } from "../../../src/layers/github/decideRefusedToken.ts"

const minute = 60_000

describe("a token that GitHub refuses", () => {
  it.each([
    ["keep", "one second old", 1_000, false, false],
    ["keep", "taken by another server before", minute - 1, true, false],
    ["keep", "a replacement of one second", 1_000, false, true],
    ["replace", "a minute old", minute, false, false],
    ["replace", "taken before, and old", 40 * minute, true, false],
    ["replace", "a replacement that was taken, and is old", 40 * minute, true, true],
    ["refuse", "a replacement that was never taken in its first minute", minute, false, true]
  ] as const)("%s: %s", (expected, _, ageMillis, isProven, isReplacement) => {
    assert.strictEqual(decideRefusedToken({ ageMillis, isProven, isReplacement }), expected)
  })
})
