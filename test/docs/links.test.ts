import { existsSync, readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { anchorsOf, fileOf, links } from "./Markdown.ts"

const root = new URL("../../", import.meta.url)
const pages = readdirSync(new URL("docs/", root))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)

/** Pages of neighbours, which may be delivered without these. */
const elsewhere = new Set(["docs/runbooks.md", "docs/upgrading.md", "deploy/README.md"])

describe("a link of", () => {
  for (const page of ["README.md", "src/restate/README.md", ...pages])
    it(`${page} leads to something`, () => {
      const broken = links(fileOf(page)).filter(({ anchor, target }) => {
        const file = target === "" ? page : new URL(target, new URL(page, root)).href.slice(root.href.length)
        if (!existsSync(new URL(file, root))) return !elsewhere.has(file)
        return anchor !== "" && !anchorsOf(fileOf(file)).has(anchor)
      })
      assert.deepStrictEqual(broken, [])
    })
})
