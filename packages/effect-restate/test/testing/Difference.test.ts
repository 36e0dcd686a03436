import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { differencesOf, textDifference } from "../../src/testing/Difference.ts"

const long = "x".repeat(5_000)

describe("the differences of two observations", () => {
  it("are told by their paths, whatever the order of members", () => {
    const differences = differencesOf({ a: { b: 1, c: [1, 2] }, d: 1n }, { d: 1n, a: { c: [1, 3], b: 1 }, e: null })
    assert.deepStrictEqual(differences, ["a.c.1 is 3 instead of 2", "e is null instead of absent"])
  })

  it("show where two long texts part, with what stands before", () => {
    const [difference] = differencesOf({ text: `${long}the quick fox` }, { text: `${long}the quiet fox` })
    const before = `${"x".repeat(32)}the qui`
    // Behind the opening quote.
    assert.strictEqual(difference, `text is at character 5008: …x${before}et fox" instead of …x${before}ck fox"`)
  })

  it("of two texts that are long show both around the place where they part, in a line that is short", () => {
    const texts = fc.string({ unit: "binary", minLength: 121, maxLength: 200 })
    fc.assert(
      fc.property(texts, texts, texts, (common, one, other) => {
        fc.pre(one !== other)
        const said = textDifference(common + one, common + other)
        assert.isAtMost(said.length, 400)
        assert.isTrue(said.isWellFormed())
        assert.match(said, /^at character \d+: /)
      }),
      { numRuns: 50 }
    )
  })
})
