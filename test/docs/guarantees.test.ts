import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { contracts } from "./contracts.ts"
import { declaresTest, fileOf, namedTests, tableRows } from "./Markdown.ts"

const document = fileOf("docs/guarantees.md")

/** The part of the document about a service, which its heading names. */
const sectionOf = (service: string): string =>
  document.split("\n## ").find((section) => section.split("\n", 1)[0]?.includes(`\`${service}\``)) ?? ""

const fixtures = new URL("../workflows/fixtures/", import.meta.url)
/** `service/handler` of every invocation in a recorded story. */
const recorded = new Set(
  readdirSync(fixtures)
    .flatMap((name): ReadonlyArray<string> => Object.keys(JSON.parse(fileOf(`test/workflows/fixtures/${name}`))))
    .map((label) => label.replace(/#\d+$/, "").split("/"))
    .map((parts) => `${parts[0]}/${parts.at(-1)}`)
)

describe("the guarantees", () => {
  it("are about every service", () => {
    assert.isAtLeast(contracts.length, 13)
    assert.isEmpty(contracts.filter(({ name }) => sectionOf(name) === "").map(({ name }) => name))
  })

  for (const { handlers, name } of contracts) {
    it(`of ${name} have one row for each handler, with a promise and what shows it`, () => {
      const rows = tableRows(sectionOf(name))
      assert.deepStrictEqual(
        rows.map(([handler]) => handler?.replaceAll("`", "")).toSorted(),
        Object.keys(handlers).toSorted()
      )
      for (const [handler, promise = "", , shownBy = ""] of rows) {
        assert.isAbove(promise.length, 10, handler)
        assert.isTrue(namedTests(shownBy).length > 0 || /not (measured|tested)/i.test(shownBy), handler)
      }
    })

    for (const handler of Object.keys(handlers))
      it(`${name}/${handler} is in a recorded story, and so in the crash matrix`, () =>
        assert.isTrue(recorded.has(`${name}/${handler}`)))
  }

  it("rest on stories that are recorded and go through the crash matrix, both or neither", () => {
    const crashTests = readdirSync(new URL("../workflows/", import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((name) => /crash\.test\.ts$/.test(name))
      .map((name) => fileOf(`test/workflows/${name}`))
    const storiesIn = (text: string, use: string) =>
      [...text.matchAll(new RegExp(`${use}(?:<.*>)?\\((?:stories\\.)?(\\w+Stories)\\)`, "g"))].map(([, name]) => name)
    const disturbed = crashTests.flatMap((text) => storiesIn(text, "crashMatrixTests"))
    const written = storiesIn(fileOf("test/workflows/journals.test.ts"), "matchTheirRecords")
    assert.isAbove(written.length, 10)
    assert.sameMembers(written, disturbed)
  })

  it("name tests that exist", () => {
    const named = namedTests(document.replaceAll(" |", "<br>"))
    assert.isAbove(named.length, 100)
    const missing = named.filter(({ path, title }) => !declaresTest(path, title))
    assert.deepStrictEqual(missing, [])
  })
})
