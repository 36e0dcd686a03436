import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { declaresTest, exists, fileOf, listItems, namedTests, sectionOf } from "./Markdown.ts"

const document = fileOf("docs/reliability.md")

/** The items of a list by the name that each begins with in bold. */
const namedItems = (heading: string) =>
  listItems(sectionOf(document, heading)).map((item) => ({ id: item.match(/^\*\*(\w+)\*\*/)?.[1] ?? item, item }))

const targets = namedItems("## Targets")
const hazards = namedItems("## Hazards of the stack")

const numbered = (prefix: string, last: number) => Array.from({ length: last }, (_, index) => `${prefix}${index + 1}`)

const Manifest = Schema.parseJson(
  Schema.Struct({ scripts: Schema.Record({ key: Schema.String, value: Schema.String }) })
)
const { scripts } = Schema.decodeSync(Manifest)(fileOf("package.json"))

/** What a command runs: scripts of package.json, and files or folders of the repository. */
const runs = (command: string) => ({
  scripts: [...command.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name),
  paths: [...command.matchAll(/(?<=\s)(?:test|bench|dev|src|packages)\/\S*(?=\s|$)/g)].map(([path]) => path)
})

describe("the reliability targets", () => {
  it("are all there, each once and in their order", () =>
    assert.deepStrictEqual(
      targets.map(({ id }) => id),
      [...numbered("A", 11), ...numbered("B", 18), ...numbered("C", 6)]
    ))

  for (const { id, item } of targets)
    it(`${id} says what was measured, and names a command that exists`, () => {
      const [, measured = "", command = ""] = item.match(/\n {2}- ([\s\S]+)\n {2}- Again with `([^`]+)`$/) ?? []
      assert.notMatch(measured, /to\s+be\s+filled/i)
      assert.match(measured, /\b(met|missed|partly|not\s+measured)\b/i)
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
      hazards.map(({ id }) => id),
      numbered("", 18)
    ))

  for (const { id, item } of hazards)
    it(`${id} is shown by tests that exist`, () => {
      const tests = namedTests(item)
      assert.isNotEmpty(tests)
      assert.deepStrictEqual(
        tests.filter(({ path, title }) => !declaresTest(path, title)),
        []
      )
    })
})
