import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { fileOf, sectionOf, tableRows } from "./Markdown.ts"

const kit = "packages/effect-restate"
const sources = readdirSync(new URL(`../../${kit}/src/`, import.meta.url), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))
  .sort()
const page = fileOf(`${kit}/docs/effect4.md`)

const quoted = (text: string): ReadonlyArray<string> => Array.from(text.matchAll(/`([^`]+)`/g), ([, name = ""]) => name)

/** The modules that a file imports from effect. */
const modulesOf = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/import (?:type )?\{([^}]*)\} from "effect"/g), ([, names = ""]) => names)
    .flatMap((names) => names.split(","))
    .map((name) => name.trim().replace(/^type /, ""))

/** A module, or a member of one. */
const uses = (text: string, name: string): boolean => {
  const [module = "", member] = name.split(".")
  if (!modulesOf(text).includes(module)) return false
  return member === undefined || new RegExp(`(?<![\\w.])${module}\\.${member}\\b`).test(text)
}

const rowsOf = (heading: string) => tableRows(sectionOf(page, heading))
const changed = rowsOf("## What needs another form").map(([file = "", names = ""]) => ({
  file: quoted(file)[0] ?? "",
  names: quoted(names)
}))
const renamed = rowsOf("## What has another name").flatMap(([names = ""]) => quoted(names))

describe("the page about Effect 4", () => {
  it("lists every file of the package that uses what is gone, with what it uses of it", () => {
    const gone = [...new Set(changed.flatMap(({ names }) => names))]
    const used = sources.flatMap((file) => {
      const text = fileOf(`${kit}/src/${file}`)
      const names = gone.filter((name) => uses(text, name)).sort()
      return names.length === 0 ? [] : [{ file, names }]
    })
    const listed = changed.map(({ file, names }) => ({ file, names: names.toSorted() }))
    assert.deepStrictEqual(
      listed.toSorted((a, b) => (a.file < b.file ? -1 : 1)),
      used.toSorted((a, b) => (a.file < b.file ? -1 : 1))
    )
  })

  it("lists no name that no file uses", () => {
    const texts = sources.map((file) => fileOf(`${kit}/src/${file}`))
    assert.isAtLeast(renamed.length, 30)
    for (const name of renamed)
      assert.isTrue(
        texts.some((text) => uses(text, name)),
        name
      )
  })

  it("names files that exist, and every file of the journal", () => {
    const paths = quoted(page).filter((name) => /^\w+\/\w+\.ts$/.test(name))
    for (const path of paths) assert.include(sources, path)
    const journal = sources.filter((file) =>
      /^attempt\/(Vm\w+|\w*[Jj]ournal\w*|StateMachine|intercepted)\.ts$/.test(file)
    )
    assert.isAtLeast(journal.length, 8)
    for (const file of journal) assert.include(quoted(sectionOf(page, "## What does not change")), file)
  })
})
