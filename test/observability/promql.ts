/** The dashboard's variables with everything selected, over an interval of scrapes a second apart. */
export const withAllChosen = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$(namespace|job|service)/g, ".*")

/** Families that an expression reads: the worker's own, Node's, and Prometheus' or kube-state-metrics'. */
export const metricsOf = (expr: string): ReadonlyArray<string> => [
  ...new Set(
    [
      ...expr
        .replaceAll(/"[^"]*"/g, '""')
        .matchAll(/\b(control_plane_worker[_:][\w:]+|(?:nodejs|process|kube)_\w+|up)\b/g)
    ].map(([name]) => name)
  )
]
