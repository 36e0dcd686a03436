import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ownCrashTests, storyGroups } from "../support/workflows/storyGroups.ts"
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
    for (const { handlers, name } of contracts)
      assert.isNotEmpty(
        partAbout(name),
        `add "## ${name.split(".").at(-1)} (\`${name}\`)" to docs/guarantees.md, with "### \`Handler\`" and its promises for ${Object.keys(handlers).join(", ")}`
      )
  })

  for (const { handlers, name } of contracts) {
    it(`of ${name} have one section for each handler, with promises and what shows them`, () => {
      const part = partAbout(name)
      const titles = Array.from(part.matchAll(/^### `(\w+)`$/gm), ([, handler = ""]) => handler)
      assert.sameMembers(
        titles,
        Object.keys(handlers),
        `docs/guarantees.md: add or remove "### \`Handler\`" below ${name}, so that there is one for each handler of its contract`
      )
      for (const handler of titles) {
        const section = sectionOf(part, `### \`${handler}\``)
        assert.isNotEmpty(listItems(section), `docs/guarantees.md: add what ${name}/${handler} promises, as "- ..."`)
        assert.isTrue(
          namedTests(section).length > 0 || /not\s+(measured|tested)/i.test(section),
          `docs/guarantees.md: add "Tests: [file](path "title")" to ${name}/${handler}, or say "Not tested"`
        )
      }
    })

    for (const handler of Object.keys(handlers))
      it(`${name}/${handler} is in a recorded story, and so in the crash matrix`, () =>
        assert.isTrue(
          recorded.has(`${name}/${handler}`),
          `no recorded story of ${name}/${handler}: add one to a *.stories.ts below test/workflows, then UPDATE_JOURNALS=1 npx vitest run test/workflows/journals.test.ts`
        ))
  }

  it("rest on stories that are recorded and go through the crash matrix, both or neither", () => {
    const groups = storyGroups.map(({ name }) => name)
    assert.isAbove(groups.length, 10)
    assert.lengthOf(new Set(groups), groups.length, "two *.stories.ts export a group by the same name")
    assert.includeMembers(
      groups,
      [...ownCrashTests],
      "a crash.test.ts has stories that are not recorded: export them from a *.stories.ts below test/workflows, as a name that ends in Stories"
    )
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
