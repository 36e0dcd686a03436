import { dashboard } from "./dashboard.ts"

/** The dashboard as a file for import or provisioning. */
export const renderDashboard = (): string => `${JSON.stringify(dashboard(), null, 2)}\n`

const head = `# Written by \`npm run observability\` from rules.yaml, for the Prometheus operator.
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
