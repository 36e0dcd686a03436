import { execFile } from "node:child_process"
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Context, Effect, Layer } from "effect"
import { rows } from "../../dev/observability/panels.ts"
import { Krane } from "../../dev/simulators/Krane.ts"
import { prometheusProgram, prometheusSource } from "../../dev/stack/PrometheusProgram.ts"
import { startPrometheus } from "../../dev/stack/PrometheusServer.ts"
import { deployNew } from "../e2e/support/deploys.ts"
import { eventually } from "../e2e/support/eventually.ts"
import { postDeployService, postRaw } from "../e2e/support/ingress.ts"
import { stack, Workers } from "../e2e/support/Stack.ts"
import { seedKey } from "../support/memory/keySeeds.ts"
import { seedDeployment, seededAt, seedProject } from "../support/memory/seeds.ts"
import { prometheusApi } from "./PrometheusApi.ts"
import { metricsOf, withAllChosen } from "./promql.ts"
import { folder, rules } from "./ruleFile.ts"

const region = "eu-west-1.aws"

class Prometheus extends Context.Tag("test/observability/Prometheus")<Prometheus, ReturnType<typeof prometheusApi>>() {}

const prometheus = Layer.scoped(
  Prometheus,
  Effect.gen(function* () {
    const { first } = yield* Workers
    const targets = [new URL(first.metrics).host]
    return prometheusApi(yield* startPrometheus({ targets, ruleFiles: [`${folder}rules.yaml`] }))
  })
)

/** Deploys that end well and badly, refused calls, a refill. */
const load = (nth: number) =>
  Effect.gen(function* () {
    const project = `load${nth}`
    yield* seedProject(project, { regions: { [region]: 1 } })
    yield* deployNew(project, `d_${nth}_1`, 1)
    const krane = yield* Krane
    yield* krane.fail(`d_${nth}_2`)
    yield* seedDeployment(project, `d_${nth}_2`, { created_at: seededAt + 2 })
    yield* postDeployService("Deploy", `proj_${project}`, {
      deploymentId: `d_${nth}_2`,
      dockerImage: { image: "nginx" }
    })
    yield* postDeployService("Deploy", `proj_${project}`, { deploymentId: "d_none", dockerImage: { image: "nginx" } })
    yield* seedKey(`key_${nth}`)
    yield* postRaw(`hydra.v1.KeyRefillService/2026-02-0${nth}/RunRefill`, "{}")
    yield* postRaw("hydra.v1.DeployService/global/ScaleDownIdlePreviewDeployments", "{}")
  })

/** Panels without data under this load, and why. */
const withoutData: ReadonlyMap<string, string> = new Map([
  ["Certificates issued and given up", "nothing is issued: ACME is off in this stack"],
  ["Orders", "ACME is off"],
  ["Problems with certificates", "ACME is off"],
  ["Renewal information", "ACME is off"],
  ["Verifications of custom domains", "a verification that fails takes a day; one that succeeds needs DNS"],
  ["Proofs of custom domains", "no domain is verified in this stack, so none is looked at again"],
  ["Paused and stuck", "nothing is paused or stuck"]
])

/** Families that no load can make appear here, and why. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ["kube_pod_status_ready", "kube-state-metrics"],
  ["kube_pod_status_phase", "kube-state-metrics"],
  ["kube_pod_owner", "kube-state-metrics"]
])

/** Names under which a scraped family can be asked for: a counter that has not counted has a name and no series. */
const declared = (exposition: string): ReadonlySet<string> =>
  new Set(
    [...exposition.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" || type === "summary" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
    )
  )

const scrape = Effect.flatMap(Workers, ({ first }) =>
  Effect.promise(() => fetch(first.metrics).then((response) => response.text()))
)

const panels = rows.flatMap((row) => row.panels)
const source = await Effect.runPromise(prometheusSource)

if (source._tag === "Missing") {
  describe("dashboard and rules on a real Prometheus", () => {
    it.skip("skipped: there is no Prometheus, and it cannot be fetched without root on Debian", () => undefined)
  })
} else {
  layer(Layer.provideMerge(prometheus, stack({ regions: [region] })), {
    excludeTestServices: true,
    timeout: "5 minutes"
  })("dashboard and rules on a real Prometheus that scrapes a worker under load", (it) => {
    it.effect("every panel's query is answered, with data where the load makes some", () =>
      Effect.gen(function* () {
        const api = yield* Prometheus
        for (const nth of [1, 2, 3]) yield* load(nth)
        for (const { queries, title } of panels) {
          const seen = yield* eventually(
            title,
            Effect.gen(function* () {
              const now = (yield* Clock.currentTimeMillis) / 1000
              return yield* Effect.forEach(queries, ({ expr }) => api.range(withAllChosen(expr), now, 120))
            }),
            (answers) =>
              answers.some(({ error }) => error !== undefined) ||
              withoutData.has(title) ||
              answers.every(({ series }) => series.length > 0)
          )
          for (const { error } of seen) assert.isUndefined(error, `${title}: ${error}`)
        }
      })
    )

    it.effect("every rule is evaluated without an error, and no alert is even pending about a worker that works", () =>
      Effect.gen(function* () {
        const api = yield* Prometheus
        for (const { alert, expr, record } of rules()) {
          const { error } = yield* api.instant(expr)
          assert.isUndefined(error, `${alert ?? record}: ${error}`)
        }
        const states = yield* eventually("all rules are evaluated", api.rules, (all) =>
          all.every(({ health }) => health !== "unknown")
        )
        assert.deepStrictEqual(
          states.filter(({ health }) => health !== "ok"),
          []
        )
        assert.lengthOf(states, rules().length)
        for (const record of rules().flatMap((rule) => rule.record ?? []))
          yield* eventually(record, api.instant(record), ({ series }) => series.length > 0)
        // By the names that the alerts on missed schedules ask for.
        for (const handler of ["RunRefill", "ScaleDownIdlePreviewDeployments"])
          yield* eventually(
            `finished runs of ${handler}`,
            api.instant(`control_plane_worker:job_runs_succeeded:total{handler="${handler}"} > 0`),
            ({ series }) => series.length > 0
          )
        // None has had the time to fire; a condition that always holds would be pending at once.
        assert.deepStrictEqual((yield* api.instant("count by (alertname) (ALERTS)")).series, [])
      })
    )

    it.effect("every family that a panel or a rule asks for is one that the worker exposes", () =>
      Effect.gen(function* () {
        const api = yield* Prometheus
        const known = declared(yield* scrape)
        const recorded = new Set(rules().flatMap((rule) => rule.record ?? []))
        const stored = new Set(yield* api.metricNames)
        const asked = [
          ...panels.flatMap((panel) => panel.queries.map(({ expr }) => expr)),
          ...rules().map((it) => it.expr)
        ]
        const unknown = [...new Set(asked.flatMap(metricsOf))].filter(
          (name) =>
            !known.has(name) && !recorded.has(name) && !elsewhere.has(name) && !(name === "up" && stored.has(name))
        )
        assert.deepStrictEqual(unknown, [])
        assert.isAbove(known.size, 20)
      })
    )

    it.effect("the families follow Prometheus' rules for names", () =>
      Effect.gen(function* () {
        const { promtool } = yield* prometheusProgram
        const exposition = yield* scrape
        const said = yield* Effect.async<string>((resume) => {
          const child = execFile(promtool, ["check", "metrics"], (_, stdout, stderr) =>
            resume(Effect.succeed(stdout + stderr))
          )
          child.stdin?.end(exposition)
        })
        const ours = said.split("\n").filter((line) => line.startsWith("control_plane_worker_"))
        assert.deepStrictEqual(ours, [])
      })
    )
  })
}
