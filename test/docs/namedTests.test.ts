import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { declaresTest, fileOf, namedTests } from "./Markdown.ts"

const pages = readdirSync(new URL("../../docs/", import.meta.url)).filter((name) => name.endsWith(".md"))

describe("the tests that a page names", () => {
  for (const page of pages)
    it(`exist: ${page}`, () => {
      const named = namedTests(fileOf(`docs/${page}`))
      assert.deepStrictEqual(
        named.filter(({ path, title }) => !declaresTest(path, title)),
        []
      )
    })
})
