import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { clean } from "../../../src/console/page/clean.ts"

describe("a text that others chose", () => {
  it("loses the colors of a terminal, control characters and changes of direction, and keeps lines and tabs", () => {
    assert.strictEqual(clean("a\u001b[31;1mb\u001b[0m\tc\nd\u0000\u0007\u202ee\u009b", 100), "ab\tc\nde")
  })

  it("is never longer than its limit, and is cut between code points", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const points = [...clean(text, limit)]
        assert.isAtMost(points.length, limit + 1)
      })
    )
    assert.strictEqual(clean("😀😀😀", 2), "😀😀…")
  })
})
