import { readdirSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Metrics } from "../../src/composition/observability.ts"
import { schedules } from "../../src/contract/schedules.ts"
import { PrometheusJobProgressLive } from "../../src/layers/PrometheusJobProgress.ts"
import { metricPrefix, PrometheusRegistry } from "../../src/layers/PrometheusRegistry.ts"
import { contracts } from "./contracts.ts"
import { codeBlocks, fileOf, tableRows } from "./Markdown.ts"

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
    }).pipe(Effect.provide(Layer.provideMerge(PrometheusJobProgressLive, Metrics)))
  )

  it("names every schedule", () => {
    assert.isEmpty(schedules.filter(({ name }) => !document.includes(`| \`${name}\``)))
  })

  it("sends its examples to handlers that the ingress lets through", () => {
    const targets = codeBlocks(document).flatMap(({ code }) => [
      ...code.matchAll(/\$INGRESS\/([\w.]+)\/[^/ ]+\/(\w+)/g)
    ])
    assert.isAtLeast(targets.length, 4)
    for (const [, service, handler = ""] of targets) {
      const contract = contracts.find(({ name }) => name === service)
      assert.strictEqual(contract?.handlers[handler]?.ingress, "public", `${service}/${handler}`)
    }
  })
})
