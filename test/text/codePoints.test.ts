import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { firstCodePoints, fitsCodePoints, shortened } from "../../src/text/codePoints.ts"

const text = fc.string({ unit: fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00", "\u0000"), maxLength: 40 })
const width = fc.integer({ min: 1, max: 45 })

describe("text cut by code points", () => {
  it("is well-formed and has at most so many code points, whatever the text", () => {
    fc.assert(
      fc.property(text, width, (given, max) => {
        for (const cut of [firstCodePoints(given, max), shortened(given, max)]) {
          assert.isTrue(cut.isWellFormed())
          assert.isAtMost([...cut].length, max)
        }
      })
    )
  })

  it("is the beginning of the text, and all of it where it fits", () => {
    fc.assert(
      fc.property(text, width, (given, max) => {
        const points = [...given]
        assert.strictEqual(firstCodePoints(given, max), points.slice(0, max).join("").toWellFormed())
        assert.strictEqual(fitsCodePoints(given, max), points.length <= max)
        if (points.length <= max) assert.strictEqual(shortened(given, max), given.toWellFormed())
      })
    )
  })

  it("shows that it was shortened, within the width", () => {
    assert.strictEqual(shortened("a😀😀😀", 3), "a😀…")
    assert.strictEqual(shortened("a😀😀", 3), "a😀😀")
    assert.strictEqual(firstCodePoints("a😀😀", 2), "a😀")
  })

  it("takes no longer for a text of megabytes", () => {
    const long = "😀".repeat(4_000_000)
    const began = performance.now()
    for (let time = 0; time < 100; time++) assert.isFalse(fitsCodePoints(long, 512))
    assert.isBelow(performance.now() - began, 1000)
  })
})
