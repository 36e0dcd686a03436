import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger } from "effect"
import { Prometheus } from "../../src/composition/observability.ts"
import { openTelemetryVariables } from "../../src/config/openTelemetry.ts"
import { settingsByPath } from "../../src/config/Setting.ts"
import { settings } from "../../src/config/settings.ts"
import { schedules } from "../../src/contract/schedules.ts"
import { metricPrefix, PrometheusRegistry } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { jsonLogger } from "../../src/layers/telemetry/JsonLogger.ts"
import { livenessReport, readinessReport } from "../../src/operations/Health.ts"
import { contracts } from "./contracts.ts"
import { fileOf, tableRows } from "./Markdown.ts"

const document = fileOf("docs/operating.md")

/** Families by their name, with their labels, as the table of the document has them. */
const documented = new Map(
  tableRows(document)
    .filter(([name]) => name?.startsWith(`\`${metricPrefix}`))
    .map(([name = "", labels = ""]) => [name.replaceAll("`", ""), labels.split(", ").filter((label) => label !== "")])
)

/** Families that a layer declares, whether or not the composition has it yet. */
const declared = readdirSync(new URL("../../src/layers/", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => fileOf(`src/layers/${name}`))
  .filter((text) => text.includes("prom-client"))
  .flatMap((text) => [
    ...text.matchAll(/\b(?:counter|gauge|histogram)\("(\w+)"/g),
    ...text.matchAll(/\$\{metricPrefix\}(\w+)/g)
  ])
  .map(([, name]) => `${metricPrefix}${name}`)

describe("the operator's guide", () => {
  it("names every metric family that a layer declares", () => {
    assert.isAtLeast(declared.length, 17)
    assert.isEmpty(declared.filter((name) => !documented.has(name)))
  })

  it.effect("names the labels of every family that the worker exposes", () =>
    Effect.gen(function* () {
      const registry = yield* PrometheusRegistry
      const families = registry.getMetricsAsArray().filter(({ name }) => name.startsWith(metricPrefix))
      assert.isAtLeast(families.length, 17)
      for (const family of families) {
        // Every class of prom-client has its labels; the published type leaves them out.
        const { labelNames } = family as unknown as { readonly labelNames: ReadonlyArray<string> }
        assert.deepStrictEqual(documented.get(family.name), [...labelNames], family.name)
      }
    }).pipe(Effect.provide(Prometheus))
  )

  it("shows the answers of probes as they are", () => {
    const down = { database: "..." }
    for (const { body } of [
      livenessReport("starting"),
      livenessReport("shutting-down"),
      readinessReport("starting", {}),
      readinessReport("started", { database: "ok" }),
      readinessReport("started", down),
      readinessReport("shutting-down", down)
    ])
      assert.include(document, `\`${JSON.stringify(body)}\``)
  })

  it.effect("names every field of a log line", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const keep = Logger.map(jsonLogger, (line) => void lines.push(line))
      yield* Effect.logError("a text", { more: true }, Cause.fail("why")).pipe(
        Effect.withSpan("a span"),
        Effect.provide(Logger.replace(Logger.defaultLogger, keep))
      )
      const own: Readonly<Record<string, unknown>> = JSON.parse(lines[0] ?? "{}")
      assert.containsAllKeys(own, ["cause", "details", "trace_id"])
      const ofWorkflows = ["service", "handler", "key", "invocation", "step", "instance_id", "region"]
      for (const field of [...Object.keys(own), ...ofWorkflows]) assert.include(document, `\`${field}\``)
    })
  )

  it("says of every secret how it is changed", () => {
    const secrets = [...settingsByPath(settings), ...Object.entries(openTelemetryVariables)]
      .filter(([, { kind }]) => kind.isSecret === true)
      .map(([path]) => path)
    assert.isAtLeast(secrets.length, 15)
    assert.isEmpty(secrets.filter((path) => !document.includes(`\`${path}\``)))
  })

  it("quotes what was measured, as the benchmarks wrote it", () => {
    const results = fileOf("bench/RESULTS.md")
    const capacity = document.split("\n## Capacity")[1]?.split("\n## ")[0] ?? ""
    const measured = [...capacity.matchAll(/\*\*([\d.,]+)\*\*/g)].map(([, figure = ""]) => figure)
    assert.isAtLeast(measured.length, 8)
    for (const figure of measured) assert.match(results, new RegExp(`\\| ${figure.replaceAll(".", "\\.")} `), figure)
  })

  it("names every schedule", () => {
    assert.isEmpty(schedules.filter(({ name }) => !document.includes(`| \`${name}\``)))
  })

  it("has its commands send to handlers that the ingress lets through, and calls none by hand", () => {
    assert.notInclude(document, "$INGRESS")
    const [, ...reissue] =
      /service: "([\w.]+)",\s+key: name,\s+handler: "(\w+)"/.exec(fileOf("src/cli/reissue.ts")) ?? []
    const targets = [reissue, ...schedules.map(({ handler, service }) => [service, handler])]
    assert.lengthOf(targets, 5)
    for (const [service, handler = ""] of targets) {
      const contract = contracts.find(({ name }) => name === service)
      assert.strictEqual(contract?.handlers[handler]?.ingress, "public", `${service}/${handler}`)
    }
  })
})
