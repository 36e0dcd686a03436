import { existsSync, readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { anchorsOf, fileOf, links } from "./Markdown.ts"

const root = new URL("../../", import.meta.url)
const pagesIn = (folder: string) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}${name}`)
const kit = "packages/effect-restate/"
const pages = ["", "deploy/", "docs/", kit, `${kit}docs/`].flatMap(pagesIn)

describe("a link of", () => {
  it("the guide for operators leads to the one for deploying, and back", () => {
    const leads = (from: string, to: string) => links(fileOf(from)).some(({ target }) => target === to)
    assert.isTrue(leads("docs/operating.md", "../deploy/README.md"))
    assert.isTrue(leads("deploy/README.md", "../docs/operating.md"))
  })

  for (const page of pages)
    it(`${page} leads to something`, () => {
      const broken = links(fileOf(page)).filter(({ anchor, target }) => {
        const file = target === "" ? page : new URL(target, new URL(page, root)).href.slice(root.href.length)
        if (!existsSync(new URL(file, root))) return true
        return anchor !== "" && !anchorsOf(fileOf(file)).has(anchor)
      })
      assert.deepStrictEqual(broken, [])
    })
})
