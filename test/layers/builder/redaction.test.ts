import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { redactedText, redaction } from "../../../src/layers/builder/redaction.ts"

const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, string, string]> = [
  ["once", ["hunter2!"], "it is hunter2!.", "it is [secret]."],
  ["next to itself", ["hunter2!"], "hunter2!hunter2!", "[secret]"],
  ["that overlaps another one", ["abcdefg", "efghijk"], "-abcdefghijk-", "-[secret]-"],
  ["that overlaps itself", ["ababab"], "-abababab-", "-[secret]-"],
  ["within another one that does not end", ["abcdefgh", "bcdefg"], "abcdefg", "a[secret]"],
  [
    "of several lines, by the line",
    ["first-line\nsecond-line\r\n"],
    "1 first-line\n2 second-line\n",
    "1 [secret]\n2 [secret]\n"
  ],
  ["after its own beginning", ["aaaaab"], "aaaaaaab", "aa[secret]"],
  ["the longest of several", ["abcdef", "abcdefgh"], "abcdefgh abcdefg", "[secret] [secret]g"],
  ["not when it is cut off", ["hunter2!"], "hunter2", "hunter2"],
  ["not when it is too short to be one", ["a", ""], "banana", "banana"],
  ["with characters beyond the BMP", ["pass😀word"], "<pass😀word>", "<[secret]>"]
]

/** Few letters, so that secrets and their prefixes occur in texts. */
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

/** The reference result: each position that an occurrence covers. */
const expected = (secrets: ReadonlyArray<string>, text: string): string => {
  const covered = [...text].map(() => false)
  const parts = secrets.flatMap((secret) => [secret, ...secret.split("\n")]).filter(({ length }) => length >= 6)
  for (const part of parts)
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) covered.fill(true, at, at + part.length)
  return [...text].reduce((shown, character, at) => {
    if (covered[at] !== true) return shown + character
    return covered[at - 1] === true ? shown : shown + redactedText
  }, "")
}

describe("the redaction of secrets", () => {
  for (const [what, secrets, text, shown] of cases)
    it(`replaces a secret ${what}`, () => assert.strictEqual(redaction(secrets).text(text), shown))

  it("gives the same however a text is cut, keeps back no more than a secret, and leaves none", () => {
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
          // Bounded memory: held-back text is shorter than one secret and its replacement.
          const left = redact.text(text.slice(0, pushed)).length - shown.length
          assert.isBelow(left, longest + redactedText.length)
        }
        shown += stream.end()
        assert.strictEqual(shown, redact.text(text))
        assert.strictEqual(shown, expected(secrets, text))
        for (const secret of secrets) assert.notInclude(shown.split(redactedText), secret)
      }),
      { numRuns: 2_000 }
    )
  })

  it("takes time for each character once, whatever the secrets and the text are", () => {
    const half = "a".repeat(50_000)
    const hostile = [`${half}b${half}`, ...Array.from({ length: 500 }, (_, nth) => `aaaaaa${"a".repeat(nth)}c`)]
    const redact = redaction(hostile)
    const stream = redact.stream()
    // Comparing each secret would cost tens of thousands of steps per character.
    for (let piece = 0; piece < 40; piece++) stream.push("a".repeat(49_999))
    assert.match(stream.push("c") + stream.end(), /^a+\[secret\]$/)
  })
})
