import { type Addresses, relativeAddresses } from "./addresses.ts"
import { dashboard } from "./dashboard.ts"
import { anchorOf, type Runbook } from "./runbooks.ts"

/** The dashboard as a file for import or provisioning. */
export const renderDashboard = (runbooks: ReadonlyArray<Runbook>, addresses = relativeAddresses): string =>
  `${JSON.stringify(dashboard(runbooks, addresses), null, 2)}\n`

/** Without a label there is nothing to choose: Grafana shows all namespaces. */
const dashboardOf = (rule: string, { grafana }: Addresses): string => {
  const chosen = /^ +expr: absent\(/m.test(rule) ? "" : "?var-namespace={{ $labels.namespace }}"
  return `${grafana}/d/control-plane-worker${chosen}`
}

const generated = "# Written by `npm run observability` from dev/observability/rules.yaml and docs/runbooks.md.\n"

/** The rule file: the written rules, and for each alert what follows from its name and its runbook. */
export const renderRules = (
  rules: string,
  runbooks: ReadonlyArray<Runbook>,
  addresses: Addresses = relativeAddresses
): string =>
  generated +
  rules.replaceAll(/^ +- alert: (\w+)\n[\s\S]*?^( +)summary: .*\n/gm, (rule: string, alert: string, indent: string) => {
    const runbook = runbooks.find((each) => each.alert === alert)
    if (runbook === undefined) throw new Error(`${alert} has no runbook`)
    const annotations = {
      description: JSON.stringify(runbook.description),
      runbook_url: `${addresses.runbooks}${anchorOf(alert)}`,
      dashboard_url: JSON.stringify(dashboardOf(rule, addresses))
    }
    return `${rule}${Object.entries(annotations)
      .map(([name, value]) => `${indent}${name}: ${value}\n`)
      .join("")}`
  })

const head = `# Written by \`npm run observability\` from dev/observability/rules.yaml, for the Prometheus operator.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: control-plane-worker
  labels:
    app.kubernetes.io/name: control-plane-worker
    app.kubernetes.io/part-of: control-plane-worker
spec:
`

/** The groups of a rule file as a PrometheusRule object: the same lines, indented by two more columns. */
export const renderPrometheusRule = (rules: string): string => {
  const groups = rules.slice(rules.search(/^groups:/m))
  return head + groups.replaceAll(/^(?=.)/gm, "  ")
}
