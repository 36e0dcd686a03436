import { readFile, writeFile } from "node:fs/promises"
import { renderDashboard, renderPrometheusRule } from "./render.ts"

const folder = new URL("../../deploy/observability/", import.meta.url)

const rules = await readFile(new URL("rules.yaml", folder), "utf8")
await writeFile(new URL("prometheusrule.yaml", folder), renderPrometheusRule(rules))
await writeFile(new URL("dashboard.json", folder), renderDashboard())
