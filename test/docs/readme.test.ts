import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { contracts } from "./contracts.ts"
import { codeBlocks, exists, fileOf, links, sectionOf, tableRows } from "./Markdown.ts"

const readme = fileOf("README.md")
const services = fileOf("docs/services.md")

/** `hydra.v1.DeployService` as the documents call it. */
const shortName = (service: string) => service.split(".").at(-1) ?? service
const words = (cell: string) => cell.replaceAll(/\]\([^)]*\)/g, "").split(/\s+/).length

describe("the README", () => {
  it("takes one screen and a half", () => {
    assert.isAtMost(readme.trimEnd().split("\n").length, 95)
  })

  it("has one row for each service of the Go worker's contract", () => {
    const ofContract = contracts.filter(({ name }) => name.startsWith("hydra.v1.")).map(({ name }) => shortName(name))
    assert.lengthOf(ofContract, 9)
    const named = tableRows(readme).map(([service = ""]) => service.match(/^\[(\w+)\]/)?.[1])
    assert.sameMembers(named, ofContract)
  })

  it("names the command that continuous integration runs, and scripts that exist", () => {
    const commands = codeBlocks(readme).find(({ info }) => info === "sh")?.code ?? ""
    assert.include(commands, "npm ci && npm run demo ")
    const ofCi = fileOf(".ci/run").match(/^npm .*$/gm) ?? []
    assert.deepStrictEqual(ofCi, ["npm ci", "npm test", "npm run test:full"])
    assert.include(commands, "npm ci && npm test ")
    for (const script of ["demo", "test", "test:full"]) assert.include(fileOf("package.json"), `"${script}": "`)
  })

  it("shows pictures that exist", () => {
    const pictures = links(readme).filter(({ target }) => target.endsWith(".png"))
    assert.lengthOf(pictures, 2)
    for (const { target } of pictures) assert.isTrue(exists(target), target)
  })
})

/** Of a service of this worker alone, the page of the guarantees may say everything there is to say. */
const onThePage = contracts.filter(
  ({ name }) => name.startsWith("hydra.v1.") || services.includes(`\n## ${shortName(name)}\n`)
)

describe("the page of the services", () => {
  it("has the services of the Go worker's contract, and those behind them", () => {
    assert.isAtLeast(onThePage.length, 14)
  })

  for (const { handlers, name } of onThePage)
    it(`has a section for ${name} with each handler, and says which are private`, () => {
      const section = sectionOf(services, `## ${shortName(name)}`)
      assert.include(section, `\`${name}\``)
      for (const [handler, { ingress }] of Object.entries(handlers)) {
        assert.include(section, `\`${handler}\``)
        if (ingress === "private") assert.match(section, /\*private\*/i, handler)
      }
      assert.isTrue(
        links(section).some(({ target }) => target.startsWith("../test/")),
        "links no test"
      )
    })
})

describe("the index of the documents", () => {
  it("links every page of docs/", () => {
    const targets = links(fileOf("docs/README.md")).map(({ target }) => target)
    const pages = readdirSync(new URL("../../docs/", import.meta.url)).filter((name) => name.endsWith(".md"))
    assert.deepStrictEqual(
      pages.filter((page) => page !== "README.md" && !targets.includes(page)),
      []
    )
  })
})

describe("a table of the pages for visitors", () => {
  it.each(["README.md", "docs/README.md", "docs/services.md", "docs/guarantees.md", "docs/reliability.md"])(
    "fits on a phone: no cell of %s has more than 15 words",
    (page) => {
      const long = tableRows(fileOf(page)).flatMap((row) => row.filter((cell) => words(cell) > 15))
      assert.deepStrictEqual(long, [])
    }
  )
})
