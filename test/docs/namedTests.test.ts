import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { declaresTest, fileOf, namedTests } from "./Markdown.ts"

const pages = readdirSync(new URL("../../docs/", import.meta.url)).filter((name) => name.endsWith(".md"))

describe("the tests that a page names", () => {
  for (const page of pages)
    it(`exist: ${page}`, () => {
      // Within a table a cell ends a title as a line does.
      const named = namedTests(fileOf(`docs/${page}`).replaceAll(" |", "<br>"))
      assert.deepStrictEqual(
        named.filter(({ path, title }) => !declaresTest(path, title)),
        []
      )
    })
})
