import fc from "fast-check"
import type {
  Route,
  RoutedDeployment,
  RoutingPlan,
  RoutingSnapshot,
  Sticky
} from "../../../src/services/deploy/RouteStore.ts"
import type { SwapRequest } from "../../../src/workflows/routing/decideSwap.ts"

/** Environments by name: project, hyphen, slug. */
const shopProduction = "shop-production"
const environments = [shopProduction, "shop-preview", "bank-production"] as const
const projectOf = (environmentId: string): string => environmentId.split("-")[0] ?? ""
const slugOf = (environmentId: string): string => environmentId.split("-")[1] ?? ""

/** A ready, running deployment of shop's production. The ordinal is the order of creation within one millisecond. */
export const deployment = (ordinal: number, columns: Partial<RoutedDeployment> = {}): RoutedDeployment => {
  const environmentId = columns.environmentId ?? shopProduction
  return {
    id: `d_${ordinal}`,
    projectId: projectOf(environmentId),
    environmentId,
    status: "ready",
    desiredState: "running",
    createdAt: ordinal,
    ordinal,
    ...columns
  }
}

export const route = (
  fqdn: string,
  sticky: Sticky,
  holder: RoutedDeployment | null,
  environmentId = shopProduction
): Route => ({
  id: `flr_${fqdn}`,
  fqdn,
  projectId: projectOf(environmentId),
  environmentId,
  sticky,
  deployment: holder
})

export const wanted = (fqdn: string, sticky: Sticky) => ({ fqdn, alternative: `${fqdn}-alternative`, sticky })

export const snapshotOf = (parts: {
  readonly target: RoutedDeployment | null
  readonly live: RoutedDeployment | null
  readonly isRolledBack?: boolean
  readonly routes?: ReadonlyArray<Route>
}): RoutingSnapshot => ({
  project: { id: "shop", liveDeploymentId: parts.live?.id ?? null, isRolledBack: parts.isRolledBack ?? false },
  target: parts.target === null ? null : { ...parts.target, environmentSlug: slugOf(parts.target.environmentId) },
  live: parts.live,
  routes: parts.routes ?? []
})

/** What the tables hold after the plan is written, as the next swap would read it. */
export const applied = (snapshot: RoutingSnapshot, plan: RoutingPlan<unknown>): RoutingSnapshot => {
  const { project, target } = snapshot
  if (project === null || target === null) return snapshot
  const inserted = plan.insert.map(({ id, fqdn, sticky }) => ({
    id,
    fqdn,
    projectId: project.id,
    environmentId: target.environmentId,
    sticky,
    deployment: target
  }))
  const moved = snapshot.routes.map((old) => (plan.reassign.includes(old.id) ? { ...old, deployment: target } : old))
  return {
    ...snapshot,
    routes: [...moved, ...inserted],
    ...(plan.live === null
      ? {}
      : {
          project: { ...project, liveDeploymentId: plan.live.deploymentId, isRolledBack: plan.live.isRolledBack },
          live: target
        })
  }
}

const arbitraryDeployment = (ordinal: number) =>
  fc
    .record({
      environmentId: fc.constantFrom(...environments),
      status: fc.constantFrom("pending" as const, "network" as const, "ready" as const, "failed" as const),
      desiredState: fc.constantFrom("running" as const, "running" as const, "standby" as const),
      createdAt: fc.integer({ min: 1, max: 3 })
    })
    .map((columns) => deployment(ordinal, columns))

const fqdns = ["a", "b", "c", "d", "a-alternative"]
const stickies = ["none", "branch", "environment", "live"] as const

export interface ArbitrarySwap {
  readonly snapshot: RoutingSnapshot
  readonly request: SwapRequest
}

/** Any tables a swap could meet, however unlikely, reduced to what the store shows of them, and a request. */
export const arbitrarySwap: fc.Arbitrary<ArbitrarySwap> = fc
  .tuple(arbitraryDeployment(1), arbitraryDeployment(2), arbitraryDeployment(3), arbitraryDeployment(4))
  .chain((deployments) => {
    const some = fc.constantFrom(...deployments)
    const none = fc.constant(null)
    const routes = fc.uniqueArray(
      fc
        .tuple(
          fc.constantFrom(...fqdns),
          fc.constantFrom(...stickies),
          fc.oneof(some, none),
          fc.constantFrom(...environments)
        )
        .map(([fqdn, sticky, holder, environmentId]) => route(fqdn, sticky, holder, environmentId)),
      { selector: ({ fqdn }) => fqdn }
    )
    const domains = fc.uniqueArray(
      fc
        .tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom(...stickies))
        .map(([fqdn, sticky]) => wanted(fqdn, sticky)),
      { selector: ({ fqdn }) => fqdn }
    )
    return fc.record({
      target: some,
      live: fc.oneof(some, none),
      isRolledBack: fc.boolean(),
      routes,
      domains,
      intent: fc.constantFrom("deploy" as const, "promote" as const, "rollback" as const),
      sees: fc.oneof(fc.constant("truth" as const), some, none)
    })
  })
  .map(({ target, live, isRolledBack, routes, domains, intent, sees }) => {
    const names = domains.flatMap(({ fqdn, alternative }) => [fqdn, alternative])
    const isShown = (row: Route) =>
      names.includes(row.fqdn) ||
      (row.environmentId === target.environmentId && (row.sticky === "environment" || row.sticky === "live"))
    return {
      snapshot: snapshotOf({ target, live, isRolledBack, routes: routes.filter(isShown) }),
      request: { intent, domains, expectedLive: (sees === "truth" ? live : sees)?.id ?? null }
    }
  })
