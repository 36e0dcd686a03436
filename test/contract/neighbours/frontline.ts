import type { Rows } from "../../support/memory/Tables.ts"

/** How long frontline takes a host's answer, also that there is none, for true, and how long it still serves it while it asks anew (`svc/frontline/services/caches/caches.go`), in milliseconds. */
export const routeCache = { fresh: 30_000, stale: 5 * 60_000 }

/** What a lookup of this age does: `late` answers with what is remembered, and asks for the next request. */
export const cacheState = (age: number): "remembered" | "late" | "asked" => {
  if (age < routeCache.fresh) return "remembered"
  return age < routeCache.stale ? "late" : "asked"
}

export type Answer =
  | { readonly _tag: "Served"; readonly deploymentId: string }
  | { readonly _tag: "Refused"; readonly status: 404 | 503; readonly reason: string }

const refused = (status: 404 | 503, reason: string): Answer => ({ _tag: "Refused", status, reason })

/**
 * What a visitor of a host in a region gets: frontline finds the route by the host's exact name and hands the request to a
 * healthy sentinel of the route's environment; the sentinel serves deployments of its own environment alone, from instances
 * that run in its region.
 */
export const visit = (rows: Rows, host: string, region: string): Answer => {
  const route = rows.frontline_routes.find((it) => it.fully_qualified_domain_name === host)
  if (route === undefined) return refused(404, "no route")
  const sentinel = rows.sentinels.find(
    (it) => it.environment_id === route.environment_id && it.region === region && it.health === "healthy"
  )
  if (sentinel === undefined) return refused(503, "no healthy sentinel")
  const deployment = rows.deployments.find(({ id }) => id === route.deployment_id)
  if (deployment?.environment_id !== sentinel.environment_id) return refused(404, "no deployment of this environment")
  const runs = rows.instances.some(
    (it) => it.deployment_id === deployment.id && it.region === region && it.status === "running"
  )
  return runs ? { _tag: "Served", deploymentId: deployment.id } : refused(503, "no instance runs")
}

/** A host as a browser sends it and DNS takes it. */
const isHost = (name: string) =>
  name.length <= 253 && name.split(".").every((label) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(label))

/** Routes that no visitor could reach. */
export const frontlineProblems = ({ deployments, frontline_routes }: Rows): ReadonlyArray<string> =>
  frontline_routes.flatMap((route) => {
    const name = route.fully_qualified_domain_name
    if (!isHost(name.replace(/^\*\./, ""))) return [`frontline_routes ${name}: not a host`]
    // The route of a domain that was verified before anything was deployed leads nowhere yet.
    if (route.deployment_id === "") return []
    const deployment = deployments.find(({ id }) => id === route.deployment_id)
    return deployment?.environment_id === route.environment_id ? [] : [`frontline_routes ${name}: another environment`]
  })
