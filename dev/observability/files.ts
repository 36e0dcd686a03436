import { readFile } from "node:fs/promises"
import { type Addresses, relativeAddresses } from "./addresses.ts"
import { renderDashboard, renderPrometheusRule, renderRules } from "./render.ts"
import { readRunbooks } from "./runbooks.ts"

const read = (path: string) => readFile(new URL(path, import.meta.url), "utf8")

/** The files of deploy/observability that are written, by name. */
export const observabilityFiles = async (
  addresses: Addresses = relativeAddresses
): Promise<ReadonlyMap<string, string>> => {
  const runbooks = readRunbooks(await read("../../docs/runbooks.md"))
  const rules = renderRules(await read("rules.yaml"), runbooks, addresses)
  return new Map([
    ["rules.yaml", rules],
    ["prometheusrule.yaml", renderPrometheusRule(rules)],
    ["dashboard.json", renderDashboard(runbooks, addresses)]
  ])
}
