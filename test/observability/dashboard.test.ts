import { assert, describe, it } from "@effect/vitest"
import { relativeAddresses } from "../../dev/observability/addresses.ts"
import { dashboard as built } from "../../dev/observability/dashboard.ts"
import { observabilityFiles } from "../../dev/observability/files.ts"
import { rows } from "../../dev/observability/panels.ts"
import { readRunbooks } from "../../dev/observability/runbooks.ts"
import { fileOf } from "../docs/Markdown.ts"
import { readDeployed } from "./ruleFile.ts"

/** Grafana's grid is 24 units wide. */
const gridWidth = 24

const runbooks = readRunbooks(fileOf("docs/runbooks.md"))
const dashboard = () => built(runbooks, relativeAddresses)

const panels = () => dashboard().panels ?? []
const positions = () => panels().map(({ gridPos, title }) => ({ title, x: 0, y: 0, w: 0, h: 0, ...gridPos }))

describe("the dashboard", () => {
  it("is as it was written", async () => {
    assert.strictEqual(readDeployed("dashboard.json"), (await observabilityFiles()).get("dashboard.json"))
  })

  it("has a link to each runbook on every panel that the runbook names", () => {
    const linked = panels().flatMap(({ title = "", ...panel }) =>
      ("links" in panel ? (panel.links ?? []) : []).map(({ url }) => [title, url] as const)
    )
    for (const { alert, panels: named } of runbooks)
      for (const name of named.filter((each) => each !== "Targets")) {
        const [panel] = linked.filter(
          ([title, url]) =>
            (title === name || title.startsWith(`${name}, `)) && url === `\${runbooks:raw}#${alert.toLowerCase()}`
        )
        assert.isDefined(panel, `${alert}: ${name}`)
      }
    assert.isAbove(linked.length, 20)
  })

  it("marks where a version of the worker begins to run, and links to the console if there is one", () => {
    const { annotations } = dashboard()
    const marks = annotations?.list ?? []
    assert.include(marks.map(({ expr }) => expr).join(), "control_plane_worker_build_info")
    const linksWith = (console: string) => built(runbooks, { ...relativeAddresses, console }).links ?? []
    assert.isEmpty(linksWith(""))
    assert.deepStrictEqual(
      linksWith("https://console.example").map(({ title, url }) => [title, url]),
      [["Console", "https://console.example"]]
    )
  })

  it("has every panel once, below the row it belongs to", () => {
    const expected = rows.flatMap((row) => [row.title, ...row.panels.map(({ title }) => title)])
    assert.deepStrictEqual(
      panels().map(({ title }) => title),
      expected
    )
    assert.strictEqual(new Set(expected).size, expected.length)
  })

  it("fits its grid, with no panel over another", () => {
    const placed = positions()
    for (const [nth, one] of placed.entries()) {
      assert.isAtMost(one.x + one.w, gridWidth, one.title)
      for (const other of placed.slice(nth + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y
        assert.isTrue(apart, `${one.title} and ${other.title}`)
      }
    }
  })

  it("asks the chosen data source, and lets one choose installation and service", () => {
    const { templating } = dashboard()
    assert.deepStrictEqual(
      templating?.list?.map(({ name }) => name),
      ["datasource", "namespace", "job", "service", "runbooks"]
    )
    const asked = rows.flatMap((row) => row.panels.flatMap((panel) => panel.queries.map(({ expr }) => expr)))
    for (const expr of asked) assert.include(expr, 'namespace=~"$namespace",job=~"$job"')
    for (const panel of panels().filter(({ type }) => type !== "row"))
      assert.propertyVal(panel, "datasource", panel.datasource)
    const variables = new Set(asked.flatMap((expr) => [...expr.matchAll(/\$(\w+)/g)].map(([, name]) => name)))
    assert.sameMembers([...variables], ["namespace", "job", "service", "__rate_interval"])
  })
})
