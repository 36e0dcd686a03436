import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { PasswordGeneratorLive, passwordFrom } from "../../src/layers/PasswordGeneratorLive.ts"
import { PasswordGenerator } from "../../src/services/clickhouseUser/PasswordGenerator.ts"

/** Repeats the given bytes, `count` at a time. */
const cycle = (bytes: ReadonlyArray<number>) => {
  let at = 0
  return (count: number) => Uint8Array.from({ length: count }, () => bytes[at++ % bytes.length] ?? 0)
}

describe("a generated password", () => {
  it("is 64 characters with at least one of each class", () => {
    for (let nth = 0; nth < 500; nth++) {
      const password = passwordFrom(randomBytes)
      assert.match(password, /^[A-Za-z0-9._~-]{64}$/)
      for (const each of [/[A-Z]/, /[a-z]/, /[0-9]/, /[._~-]/]) assert.match(password, each)
    }
  })

  it("[W36] passes over bytes that would favour some characters, as a remainder alone would not", () => {
    // 198 to 255 are beyond three times 66. Each one must be skipped.
    const unfair = Array.from({ length: 58 }, (_, nth) => 198 + nth)
    const fair = Array.from({ length: 66 }, (_, nth) => nth)
    assert.strictEqual(passwordFrom(cycle([...unfair, ...fair])), passwordFrom(cycle(fair)))
  })

  it("[W36] uses every character equally often", () => {
    const counts = new Map<string, number>()
    const passwords = 3000
    for (let nth = 0; nth < passwords; nth++)
      for (const character of passwordFrom(randomBytes)) counts.set(character, (counts.get(character) ?? 0) + 1)
    assert.strictEqual(counts.size, 66)
    const expected = (passwords * 64) / 66
    // Ten standard deviations; using the remaining bytes would make 58 characters a third more frequent.
    const tolerance = 10 * Math.sqrt(expected)
    for (const [character, count] of counts) assert.closeTo(count, expected, tolerance, character)
  })

  it("throws away one that lacks a class, and takes the next", () => {
    const capitals = Array.from({ length: 64 }, () => 0)
    const next = Array.from({ length: 64 }, (_, nth) => nth + 2)
    assert.strictEqual(passwordFrom(cycle([...capitals, ...next])), passwordFrom(cycle(next)))
  })

  it.effect("differs each time and cannot be printed", () =>
    Effect.gen(function* () {
      const { generate } = yield* PasswordGenerator
      const [one, other] = yield* Effect.all([generate, generate])
      assert.notStrictEqual(Redacted.value(one), Redacted.value(other))
      assert.notInclude(`${one}${JSON.stringify(one)}`, Redacted.value(one))
    }).pipe(Effect.provide(PasswordGeneratorLive))
  )
})
