import { assert, describe, it } from "@effect/vitest"
import { fileOf, listItems, namedTests, sectionOf } from "./Markdown.ts"

const document = fileOf("docs/migrating.md")

describe("the guide for migrations", () => {
  for (const section of ["What is compatible", "The configuration file", "What differs on purpose"])
    it(`names a test for every promise: ${section}`, () => {
      const promises = listItems(sectionOf(document, `## ${section}`))
      assert.isAtLeast(promises.length, 6)
      assert.deepStrictEqual(
        promises.filter((promise) => namedTests(promise).length === 0),
        []
      )
    })
})
