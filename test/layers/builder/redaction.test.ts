import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { redactedText, redaction } from "../../../src/layers/builder/redaction.ts"

const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, string, string]> = [
  ["once", ["hunter2!"], "it is hunter2!.", "it is [secret]."],
  ["next to itself", ["hunter2!"], "hunter2!hunter2!", "[secret][secret]"],
  ["after its own beginning", ["aaaaab"], "aaaaaaab", "aa[secret]"],
  ["the longest of several", ["abcdef", "abcdefgh"], "abcdefgh abcdefg", "[secret] [secret]g"],
  ["not when it is cut off", ["hunter2!"], "hunter2", "hunter2"],
  ["not when it is too short to be one", ["a", ""], "banana", "banana"],
  ["with characters beyond the BMP", ["pass😀word"], "<pass😀word>", "<[secret]>"]
]

/** Few letters, so that secrets and their beginnings occur in texts. */
const letters = (options: fc.StringConstraints) => fc.string({ ...options, unit: fc.constantFrom("a", "b", "\n") })
const secretsArbitrary = fc.array(letters({ minLength: 6, maxLength: 9 }), { minLength: 1, maxLength: 3 })
const textArbitrary = (secrets: ReadonlyArray<string>) =>
  fc
    .array(fc.oneof(letters({ maxLength: 8 }), fc.constantFrom(...secrets)), { maxLength: 12 })
    .map((parts) => parts.join(""))
const cutArbitrary = secretsArbitrary.chain((secrets) =>
  fc.record({
    secrets: fc.constant(secrets),
    text: textArbitrary(secrets),
    cuts: fc.array(fc.nat(100), { maxLength: 20 })
  })
)

const cutAt = (text: string, cuts: ReadonlyArray<number>): ReadonlyArray<string> => {
  const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length]
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

describe("the redaction of secrets", () => {
  for (const [what, secrets, text, shown] of cases)
    it(`replaces a secret ${what}`, () => assert.strictEqual(redaction(secrets).text(text), shown))

  it("gives the same however a text is cut, keeps back less than a secret, and leaves none", () => {
    fc.assert(
      fc.property(cutArbitrary, ({ cuts, secrets, text }) => {
        const redact = redaction(secrets)
        const longest = Math.max(...secrets.map(({ length }) => length))
        const stream = redact.stream()
        let shown = ""
        let pushed = 0
        for (const piece of cutAt(text, cuts)) {
          shown += stream.push(piece)
          pushed += piece.length
          // Bounded memory: of what is not shown yet there is less than one secret, and what would stand for one in it.
          const left = redact.text(text.slice(0, pushed)).length - shown.length
          assert.isBelow(left, longest + redactedText.length)
        }
        shown += stream.end()
        assert.strictEqual(shown, redact.text(text))
        for (const secret of secrets) assert.notInclude(shown.split(redactedText), secret)
      }),
      { numRuns: 2_000 }
    )
  })
})
