/** Where links of alerts and of the dashboard lead. */
export interface Addresses {
  /** The page of runbooks, whose headings are the alerts' names. */
  readonly runbooks: string
  /** Grafana's root, without a final slash. */
  readonly grafana: string
  /** A page for operators, such as Restate's UI, to which the dashboard links. Empty without one. */
  readonly console: string
}

/** What deploy/ holds: a repository does not know where it is read. */
export const relativeAddresses: Addresses = { runbooks: "docs/runbooks.md", grafana: "", console: "" }
