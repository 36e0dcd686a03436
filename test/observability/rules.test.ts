import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { observabilityFiles } from "../../dev/observability/files.ts"
import { prometheusProgram, prometheusSource } from "../../dev/stack/PrometheusProgram.ts"
import { isFull } from "../support/size.ts"
import { alerts, expectations, folder, readDeployed, ruleFile, ruleObject, unitTestFiles } from "./ruleFile.ts"

const runbooks = () => readFileSync(new URL("../../docs/runbooks.md", import.meta.url), "utf8")

const source = await Effect.runPromise(prometheusSource)

/** What promtool says about files of the folder; it fails unless the tool is content. */
const promtool = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(prometheusProgram, (program) =>
    Effect.async<string>((resume) => {
      execFile(program.promtool, args, { cwd: folder }, (error, stdout, stderr) => {
        resume(error === null ? Effect.succeed(stdout) : Effect.die(`${stdout}${stderr}`))
      })
    })
  )

describe("the alert rules", () => {
  it("are the same in the file and in the object of the operator; `npm run observability` writes both anew", async () => {
    assert.deepStrictEqual(ruleObject().spec, ruleFile())
    const files = await observabilityFiles()
    for (const name of ["rules.yaml", "prometheusrule.yaml"]) assert.strictEqual(readDeployed(name), files.get(name))
  })

  it("link to the given addresses of runbooks, dashboard and console", async () => {
    const files = await observabilityFiles({
      runbooks: "https://git.example/runbooks.md",
      grafana: "https://grafana.example",
      console: "https://console.example"
    })
    const rules = files.get("rules.yaml") ?? ""
    assert.notMatch(rules, /runbook_url: docs/)
    assert.include(rules, "runbook_url: https://git.example/runbooks.md#controlplaneworkerinvocationspaused\n")
    assert.include(
      rules,
      'dashboard_url: "https://grafana.example/d/control-plane-worker?var-namespace={{ $labels.namespace }}"\n'
    )
    assert.include(files.get("dashboard.json"), '"query": "https://git.example/runbooks.md"')
    assert.include(files.get("dashboard.json"), '"url": "https://console.example"')
  })

  it("wait before they fire, say how urgent they are, and have names of their own", () => {
    for (const { alert, annotations = {}, for: wait, labels } of alerts()) {
      assert.match(alert, /^ControlPlaneWorker[A-Z]/)
      assert.match(wait ?? "", /^[1-9]\d*[mh]$/, alert)
      assert.oneOf(labels?.severity, ["critical", "warning"], alert)
      for (const text of [annotations.summary, annotations.description]) assert.isAbove((text ?? "").length, 30, alert)
      assert.match(annotations.dashboard_url ?? "", /^\/d\/control-plane-worker/, alert)
    }
    const names = alerts().map(({ alert }) => alert)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("have a runbook each, and no runbook is without its alert", () => {
    const names = alerts().map(({ alert }) => alert)
    const sections = [...runbooks().matchAll(/^## (ControlPlaneWorker\w+)$/gm)].map(([, name]) => name)
    assert.sameMembers(sections, names)
    for (const { alert, annotations } of alerts())
      assert.strictEqual(annotations?.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`)
  })

  it("have each a unit test in which it fires and one in which it stays silent", () => {
    const all = expectations()
    for (const { alert } of alerts()) {
      const fires = all.filter((expected) => expected.alert === alert).map((expected) => expected.fires)
      assert.includeMembers(fires, [true, false], alert)
    }
    const names = alerts().map(({ alert }) => alert)
    for (const { alert } of all) assert.include(names, alert)
  })
})

/** `1h30m` and the like; the units are those of Prometheus. */
const minutesOf = (duration: string) =>
  [...duration.matchAll(/(\d+)([mhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * ({ m: 1, h: 60, d: 1440 }[unit ?? ""] ?? Number.NaN),
    0
  )

describe("the unit tests of the alert rules", () => {
  it("look at moments of an evaluation, so that silence means that the alert does not fire", () => {
    for (const { alert, at, every } of expectations())
      assert.strictEqual(minutesOf(at) % minutesOf(every), 0, `${alert} at ${at}`)
  })
})

describe("promtool", () => {
  if (source._tag === "Missing") {
    it.skip("skipped: there is no Prometheus, and it cannot be fetched without root on Debian", () => undefined)
    return
  }

  it.effect("takes every rule for valid", () =>
    Effect.map(promtool("check", "rules", "rules.yaml"), (said) => assert.match(said, /SUCCESS/))
  )

  it.effect.runIf(isFull)(
    "sees every alert fire when it should, and only then",
    () => Effect.map(promtool("test", "rules", ...unitTestFiles), (said) => assert.notMatch(said, /FAILED/)),
    // Days of virtual time: a quarter of a minute on an idle core.
    600_000
  )
})
