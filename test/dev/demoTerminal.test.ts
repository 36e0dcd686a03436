import { styleText } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { fitted, table, visibleLength, wrapped } from "../../dev/demo/terminal.ts"
import { linesOf } from "../../dev/stack/Progress.ts"

const bold = (text: string) => styleText("bold", text, { validateStream: false })

describe("the width of the demo's lines", () => {
  it("breaks between words, and indents the rest as the line is", () => {
    assert.deepStrictEqual(wrapped("  one two three", 9), ["  one two", "  three"])
    assert.deepStrictEqual(wrapped("name  TXT    value", 12), ["name  TXT", "value"])
    assert.deepStrictEqual(wrapped("fits as it  is", 14), ["fits as it  is"])
    assert.deepStrictEqual(wrapped("", 10), [""])
  })

  it("cuts a word that is longer than a line", () => {
    assert.deepStrictEqual(wrapped("at abcdefghij", 5), ["at", "abcde", "fghij"])
  })

  it("counts no colors, and loses none", () => {
    const line = bold("  one two three")
    const lines = wrapped(line, 9)
    assert.deepStrictEqual(lines.map(visibleLength), [9, 7])
    assert.strictEqual(lines.join("").split("\u001b[").length, line.split("\u001b[").length)
  })

  it.each([60, 80, 100, 200])(
    "holds in %i columns for long words, colors and several lines, with the time",
    (width) => {
      const text = `  ${bold("word ".repeat(60))}\n  | ${"x".repeat(500)}\n${"y ".repeat(200)}`
      const lines = linesOf(text, width)
      assert.isAtMost(Math.max(...lines.map(visibleLength)), width)
      assert.match(lines[0] ?? "", /^ +\d+\.\d s {3}/)
      assert.strictEqual(lines.join("").replaceAll(/[^xy]/g, "").length, 700)
    }
  )

  it.each([60, 80, 200])("shortens the widest columns of a table to fit %i columns, and no others", (width) => {
    const rows = [
      ["host name", "follows", "image"],
      ["h".repeat(70), "live", "sha256:0123456789ab"]
    ]
    const lines = table(rows, width)
    assert.isAtMost(Math.max(...lines.map((line) => line.length)), width)
    assert.include(lines[1], "live")
    assert.include(lines[1], "sha256:0123456789ab")
    assert.strictEqual(lines[1]?.includes("…"), width < 100)
  })

  it("marks a shortened text", () => {
    assert.strictEqual(fitted("abcdef", 4), "abc…")
    assert.strictEqual(fitted("abcd", 4), "abcd")
  })
})
