import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { lastLink, shortenedBeforeLink } from "../../src/text/links.ts"

const link = "https://ca.test/unpause?jwt=a.b-c_d%20&x=1"

describe("the last address of a text", () => {
  it("is found without the punctuation that surrounds it", () => {
    for (const text of [
      `see ${link}`,
      `see ${link}.`,
      `(${link})`,
      `<${link}>, then wait`,
      `"${link}"`,
      `https://a.test and ${link}`
    ])
      assert.strictEqual(lastLink(text), link)
    for (const text of ["", "http://ca.test/plain", "https://", "javascript:alert(1)"]) assert.isNull(lastLink(text))
  })
})

describe("a text that is shortened", () => {
  it("keeps its last address whole, and is well-formed within its bound", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 600 }),
        fc.string({ unit: "binary", maxLength: 100 }),
        (before, after) => {
          const cut = shortenedBeforeLink(`${before} ${link} ${after}`, 200)
          assert.isAtMost([...cut].length, 200)
          assert.isTrue(cut.isWellFormed())
          assert.include(cut, link)
        }
      )
    )
  })

  it("is cut as any other where the address has no room", () => {
    assert.strictEqual(shortenedBeforeLink(`see ${link}`, 20), "see https://ca.test…")
    assert.strictEqual(shortenedBeforeLink("x".repeat(30), 20), `${"x".repeat(19)}…`)
  })
})
