import { assert, describe, it } from "@effect/vitest"
import { fileOf, namedTests, tableRows } from "./Markdown.ts"

const document = fileOf("docs/migrating.md")
const rowsOf = (section: string) => tableRows(document.split(`\n## ${section}\n`)[1]?.split("\n## ")[0] ?? "")

describe("the guide for migrations", () => {
  for (const section of ["What is compatible", "The configuration file", "What differs on purpose"])
    it(`names a test for every promise: ${section}`, () => {
      const rows = rowsOf(section)
      assert.isAtLeast(rows.length, 6)
      assert.deepStrictEqual(
        rows.filter((cells) => namedTests(cells.at(-1) ?? "").length === 0).map(([what]) => what),
        []
      )
    })
})
