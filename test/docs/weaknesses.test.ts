import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"

const fileOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")
const rows = fileOf("docs/weaknesses.md")
  .split("\n")
  .filter((line) => line.startsWith("| W"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")))

/** `‹name›` stands for what a title fills in. */
const titlesIn = (cell: string) =>
  [...cell.matchAll(/`(test\/[^`]+)`: (.+?)(?=<br>|$)/g)].map(([, path = "", title = ""]) => ({
    path,
    title: title.replaceAll(/‹(\w+)›/g, (_, name) => `\${${name}}`)
  }))

describe("the list of weaknesses", () => {
  it("has all 57, each once", () => {
    assert.deepStrictEqual(
      rows.map(([name]) => name),
      Array.from({ length: 57 }, (_, index) => `W${index + 1}`)
    )
  })

  for (const [name = "", , cell = ""] of rows)
    it(`names tests for ${name} that exist and have its tag`, () => {
      const tests = titlesIn(cell)
      assert.isNotEmpty(tests)
      for (const { path, title } of tests) {
        const titled = fileOf(path)
          .split("\n")
          .filter((line) => line.includes(title))
        assert.isTrue(
          titled.some((line) => line.includes(`[${name}]`)),
          `${path}: ${title}`
        )
      }
    })
})
