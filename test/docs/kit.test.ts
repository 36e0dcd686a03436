import { assert, describe, it } from "@effect/vitest"
import { blocks, kit, namesIn, pages } from "./kitPages.ts"
import { fileOf } from "./Markdown.ts"

const shown = blocks.filter(({ info }) => info.startsWith("ts file="))

describe("the documents of effect-restate", () => {
  it("show code of the examples as it is", () => {
    assert.isAtLeast(shown.length, 5)
    for (const { code, info, page } of shown) {
      const path = info.slice("ts file=".length)
      assert.include(fileOf(path), code, `${page} shows ${path}`)
    }
  })

  it("name every page from the README, and nothing but TypeScript, shells and JSON is code", () => {
    const readme = fileOf(`${kit}/README.md`)
    for (const page of pages.slice(1)) assert.include(readme, `(${page})`)
    for (const { info, page } of blocks) assert.match(info, /^(ts( file=\S+| sketch)?|sh|json)$/, page)
  })
})

describe("an example of effect-restate", () => {
  const examples = namesIn("examples").filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  for (const name of examples.filter((file) => fileOf(`${kit}/examples/${file}`).includes("implement(")))
    it(`${name} has between 20 and 60 lines, and a test that runs the crash matrix`, () => {
      const lines = fileOf(`${kit}/examples/${name}`).trimEnd().split("\n").length
      assert.isTrue(lines >= 20 && lines <= 60, `${lines} lines`)
      assert.include(fileOf(`${kit}/examples/${name.replace(/\.ts$/, ".test.ts")}`), "crashMatrix(story")
    })
})
