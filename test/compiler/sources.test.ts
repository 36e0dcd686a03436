import { assert, describe, it } from "@effect/vitest"
import { settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import * as authorsGuide from "../docs/authorsGuide.ts"
import * as kitPages from "../docs/kitPages.ts"
import { complaintsAbout, programOf, repositoryService, snippetsIn } from "./RepositoryProgram.ts"
import { SettingReaders } from "./SettingReaders.ts"
import { filesThatCut, knownCuts } from "./textCuts.ts"

// What only the compiler can answer is asked in this one file: the tests share a program, which takes seconds to make.
const { imports, mistakes } = authorsGuide
const guide = snippetsIn(authorsGuide.example, "guide", [imports, ...mistakes.map(({ code }) => `${imports}\n${code}`)])
const complete = kitPages.blocks.filter(({ info }) => info === "ts")
const pages = snippetsIn(
  `${kitPages.kit}/examples`,
  "page",
  complete.map(({ code }) => code)
)
const service = repositoryService(new Map([...guide, ...pages]))

describe("the author's guide", () => {
  it("quotes what the compiler says about each mistake", () => {
    assert.isAtLeast(mistakes.length, 5)
    const complaints = complaintsAbout(programOf(service), guide.keys())
    assert.strictEqual(complaints[0], "", "the imports alone compile")
    for (const [at, { code, said }] of mistakes.entries()) assert.include(complaints[at + 1], said, code)
  })
})

describe("the documents of effect-restate", () => {
  it("show no other code that the compiler refuses, but sketches of what others could offer", () => {
    assert.isAtLeast(complete.length, 4)
    const complaints = complaintsAbout(programOf(service), pages.keys())
    for (const [at, complaint] of complaints.entries()) assert.strictEqual(complaint, "", complete[at]?.page)
  })
})

describe("text of others", () => {
  it("is cut by code points, by the functions of src/text and nowhere else", async () => {
    const found = [...(await filesThatCut(programOf(service)))]
    assert.isAbove(found.length, 5)
    assert.deepStrictEqual(
      found.filter((file) => knownCuts[file] === undefined),
      []
    )
  })
})

describe("the configuration reference", () => {
  it("calls exactly those settings unused that nothing in the program reads", () => {
    const readers = new SettingReaders(service)
    const paths = [...settingsByPath(settings)]
    assert.deepStrictEqual(
      paths.filter(([path]) => !readers.isRead(path)).map(([path]) => path),
      paths.filter(([, { isIgnored }]) => isIgnored === true).map(([path]) => path)
    )
  })
})
