import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { lists, planService } from "../../dev/newService/planService.ts"
import { listItems, namedTests, sectionOf } from "../docs/Markdown.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const files = new Map(lists.map((path) => [path as string, readFileSync(`${root}${path}`, "utf8")]))
const exists = (path: string) => existsSync(`${root}${path}`)
const planOf = (name: string) => planService({ name, files, exists })

/** The lines of a list that were added, when nothing else was changed. */
const addedTo = (path: string, plan: ReadonlyMap<string, string>): ReadonlyArray<string> => {
  const before = (files.get(path) ?? "").split("\n")
  const rest = [...before]
  const added = (plan.get(path) ?? "").split("\n").filter((line) => {
    const isOld = rest[0] === line
    if (isOld) rest.shift()
    return !isOld
  })
  assert.isEmpty(rest, `${path} lost lines`)
  return added
}

describe("a new service", () => {
  const plan = Either.getOrThrow(planOf("DatabaseBackup"))

  it("touches six files: contract, workflow, story, journal, and the two lists of services", () => {
    assert.deepStrictEqual(
      [...plan.keys()],
      [
        "src/contract/DatabaseBackupService.ts",
        "src/workflows/databaseBackup/DatabaseBackupWorkflows.ts",
        "test/workflows/databaseBackup/databaseBackup.stories.ts",
        "test/workflows/fixtures/run-of-databasebackupservice.json",
        ...lists
      ]
    )
  })

  it("is one line of imports and one of services in the composition", () => {
    assert.deepStrictEqual(addedTo("src/composition/implementations.ts", plan), [
      'import { DatabaseBackupWorkflows } from "../workflows/databaseBackup/DatabaseBackupWorkflows.ts"',
      "  DatabaseBackupWorkflows,"
    ])
  })

  it("is put at the end of the lists as well as at their beginning", () => {
    for (const name of ["Zoo", "Accounts"]) {
      const lines = Either.getOrThrow(planOf(name)).get("src/composition/implementations.ts")?.split("\n") ?? []
      assert.lengthOf(
        lines.filter((line) => line.includes(`${name}Workflows`)),
        2
      )
      const served = lines.slice(lines.indexOf("export const alwaysServed = [") + 1, lines.indexOf("]"))
      assert.isTrue(served.every((line, at) => line.endsWith(",") === at < served.length - 1))
    }
  })

  it("has a section of guarantees with a promise and the story that shows it", () => {
    const document = plan.get("docs/guarantees.md") ?? ""
    const section = sectionOf(document, "## DatabaseBackupService (`ctrl_worker.v1.DatabaseBackupService`)")
    assert.isNotEmpty(listItems(sectionOf(section, "### `Run`")))
    for (const { path, title } of namedTests(section)) assert.include(plan.get(path) ?? "", `"${title}"`)
    assert.lengthOf(namedTests(section), 1)
  })

  it.each(["databaseBackup", "DatabaseBackupService", "Database-Backup", "", "D".repeat(50), "CommitStatus"])(
    "is refused by the name %s, which is none or is taken",
    (name) => {
      assert.isTrue(Either.isLeft(planOf(name)))
    }
  )

  it("is refused when a list has no place for it, and nothing is written", () => {
    for (const path of lists)
      assert.isTrue(
        Either.isLeft(planService({ name: "DatabaseBackup", files: new Map([...files, [path, ""]]), exists }))
      )
  })
})
