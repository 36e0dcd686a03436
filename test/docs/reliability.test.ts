import { existsSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { declaresTest, fileOf, namedTests, tableRows } from "./Markdown.ts"

const rows = tableRows(fileOf("docs/reliability.md"))
const bars = rows.filter(([id]) => /^[ABC]\d+$/.test(id ?? ""))
const hazards = rows.filter(([number]) => /^\d+$/.test(number ?? ""))

const numbered = (prefix: string, last: number) => Array.from({ length: last }, (_, index) => `${prefix}${index + 1}`)

const Manifest = Schema.parseJson(
  Schema.Struct({ scripts: Schema.Record({ key: Schema.String, value: Schema.String }) })
)
const { scripts } = Schema.decodeSync(Manifest)(fileOf("package.json"))

const exists = (path: string) => existsSync(new URL(`../../${path}`, import.meta.url))

/** What a command runs: scripts of package.json, and files or folders of the repository. */
const runs = (command: string) => ({
  scripts: [...command.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name),
  paths: [...command.matchAll(/(?<=\s)(?:test|bench|dev|src|packages)\/\S*(?=\s|$)/g)].map(([path]) => path)
})

describe("the reliability bars", () => {
  it("are all there, each once and in their order", () =>
    assert.deepStrictEqual(
      bars.map(([id]) => id),
      [...numbered("A", 11), ...numbered("B", 18), ...numbered("C", 6)]
    ))

  for (const [id = "", , measured = "", cell = ""] of bars)
    it(`${id} says what was measured, and names a command that exists`, () => {
      assert.notMatch(measured, /to be filled/i)
      assert.match(measured, /\b(met|missed|partly|not measured)\b/i)
      const [, command = ""] = cell.match(/^`([^`]+)`$/) ?? []
      const { paths, scripts: named } = runs(command)
      assert.isNotEmpty([...paths, ...named], command)
      assert.deepStrictEqual(
        named.filter((name) => scripts[name] === undefined),
        []
      )
      assert.deepStrictEqual(
        paths.filter((path) => !exists(path)),
        []
      )
    })
})

describe("the hazards of the stack", () => {
  it("are all there, each once and in their order", () =>
    assert.deepStrictEqual(
      hazards.map(([number]) => number),
      numbered("", 18)
    ))

  for (const [number = "", , cell = ""] of hazards)
    it(`${number} is shown by tests that exist`, () => {
      const tests = namedTests(cell)
      assert.isNotEmpty(tests)
      assert.deepStrictEqual(
        tests.filter(({ path, title }) => !declaresTest(path, title)),
        []
      )
    })
})
