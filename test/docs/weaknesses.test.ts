import { assert, describe, it } from "@effect/vitest"
import { fileOf, listItems, namedTests } from "./Markdown.ts"

const items = listItems(fileOf("docs/weaknesses.md")).map((item) => ({
  name: item.match(/^\*\*(W\d+)\*\*/)?.[1] ?? item,
  item
}))

describe("the list of weaknesses", () => {
  it("has all 57, each once", () => {
    assert.deepStrictEqual(
      items.map(({ name }) => name),
      Array.from({ length: 57 }, (_, index) => `W${index + 1}`)
    )
  })

  for (const { item, name } of items)
    it(`names tests for ${name} that exist and have its tag`, () => {
      const tests = namedTests(item)
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
