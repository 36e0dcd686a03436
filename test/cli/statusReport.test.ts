import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { ageOf } from "../../src/cli/ages.ts"
import { printable } from "../../src/cli/printable.ts"
import { statusLines, table } from "../../src/cli/statusReport.ts"
import { codeBlocks, fileOf } from "../docs/Markdown.ts"
import { openDeploys } from "./openDeploys.ts"

describe("what the status shows", () => {
  it("is what the documents show", () => {
    const shown = codeBlocks(fileOf("docs/commands.md")).map(({ code }) => code)
    assert.include(shown.join("\n"), statusLines(openDeploys).join("\n"))
  })

  it("nothing open is said in words", () => {
    assert.deepStrictEqual(statusLines({ now: 0, counts: [], shown: [], more: 0 }), ["No invocation is open."])
  })

  it("counts line up under their statuses, and what is not listed is counted", () => {
    const counts = [
      { service: "b.v1.Long", status: "paused", count: 120 },
      { service: "a", status: "running", count: 7 }
    ] as const
    assert.deepStrictEqual(statusLines({ now: 0, counts, shown: [], more: 119 }), [
      "SERVICE    RUNNING  READY  BACKING-OFF  SUSPENDED  PENDING  SCHEDULED  PAUSED",
      "a                7      0            0          0        0          0       0",
      "b.v1.Long        0      0            0          0        0          0     120",
      "and 119 more"
    ])
  })

  it("an age is its two largest units, and none is negative", () => {
    const minute = 60_000
    for (const [millis, age] of [
      [-5, "0s"],
      [999, "0s"],
      [61_000, "1m 1s"],
      [60 * minute, "1h"],
      [24 * 60 * minute + 5 * minute, "1d"],
      [90 * 24 * 60 * minute + 60 * minute, "90d 1h"]
    ] as const)
      assert.strictEqual(ageOf(millis), age)
  })

  it("no key can move the cursor or fill the screen", () => {
    assert.strictEqual(printable("a\u001b[2Jb\n\u202ec"), "a\\u{1b}[2Jb\\u{a}\\u{202e}c")
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        assert.notMatch(printable(text), /[\p{Cc}\p{Cf}\u2028\u2029]/u)
        assert.isAtMost([...printable(text)].length, 64)
      }),
      { numRuns: 50 }
    )
  })

  it("every row of a table has its columns in the same places", () => {
    const cell = fc.stringMatching(/^[a-z]{1,9}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
        const ends = table(rows, new Set([1])).map((line, row) => line.lastIndexOf(`  ${rows[row]?.[2]}`))
        assert.lengthOf([...new Set(ends)], 1)
      })
    )
  })
})
