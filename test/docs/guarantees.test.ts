import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { contracts } from "./contracts.ts"
import { declaresTest, fileOf, listItems, namedTests, sectionOf } from "./Markdown.ts"

const document = fileOf("docs/guarantees.md")

/** The part of the document about a service, which its heading names. */
const partAbout = (service: string): string =>
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
    assert.isEmpty(contracts.filter(({ name }) => partAbout(name) === "").map(({ name }) => name))
  })

  for (const { handlers, name } of contracts) {
    it(`of ${name} have one section for each handler, with promises and what shows them`, () => {
      const part = partAbout(name)
      const titles = Array.from(part.matchAll(/^### `(\w+)`$/gm), ([, handler = ""]) => handler)
      assert.sameMembers(
        titles,
        Object.keys(handlers),
        `sections "### \`Handler\`" in docs/guarantees.md, below ${name}`
      )
      for (const handler of titles) {
        const section = sectionOf(part, `### \`${handler}\``)
        assert.isNotEmpty(listItems(section), `${handler} promises nothing`)
        assert.isTrue(namedTests(section).length > 0 || /not\s+(measured|tested)/i.test(section), `${handler}: no test`)
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
      [...text.matchAll(new RegExp(`${use}(?:<.*>)?\\((?:stories\\.)?(\\w+Stories)[,)]`, "g"))].map(([, name]) => name)
    const disturbed = crashTests.flatMap((text) => storiesIn(text, "crashMatrixTests"))
    const written = storiesIn(fileOf("test/workflows/journals.test.ts"), "matchTheirRecords")
    assert.isAbove(written.length, 10)
    assert.sameMembers(written, disturbed)
  })

  it.each([
    'What "effectively once" means here',
    "What holds for all handlers",
    "Builds and the vault",
    "Neighbours over HTTP"
  ])("name a test for every promise: %s", (heading) => {
    const promises = listItems(sectionOf(document, `## ${heading}`))
    assert.isAtLeast(promises.length, 5)
    assert.deepStrictEqual(
      promises.filter((promise) => namedTests(promise).length === 0),
      []
    )
  })

  it("name tests that exist", () => {
    const named = namedTests(document)
    assert.isAbove(named.length, 300)
    const missing = named.filter(({ path, title }) => !declaresTest(path, title))
    assert.deepStrictEqual(missing, [])
  })
})
