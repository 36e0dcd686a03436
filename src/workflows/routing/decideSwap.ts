import type { Route, RoutedDeployment, RoutingPlan, RoutingSnapshot, Sticky } from "../../services/RouteStore.ts"
import { resourceId } from "../identifiers.ts"

export type SkipReason = "foreign_project" | "other_environment" | "newer_deployment" | "rolled_back"

export interface SkippedDomain {
  readonly fqdn: string
  readonly reason: SkipReason
}

/** A host name, and the one to take when another project or environment owns it. */
export interface WantedDomain {
  readonly fqdn: string
  readonly alternative: string
  readonly sticky: Sticky
}

export interface SwapRequest {
  readonly intent: "deploy" | "promote" | "rollback"
  /** The live deployment that the caller saw, null for none. */
  readonly expectedLive: string | null
  readonly domains: ReadonlyArray<WantedDomain>
}

export type SwapOutcome =
  | { readonly _tag: "ProjectMissing" }
  | { readonly _tag: "DeploymentMissing" }
  | { readonly _tag: "Stale"; readonly actual: string | null }
  | { readonly _tag: "Refused"; readonly reason: "not_ready" | "put_on_standby" | "no_sticky_routes" }
  | {
      readonly _tag: "Swapped"
      readonly previous: string | null
      readonly live: boolean
      readonly rolledBack: boolean
      readonly skipped: ReadonlyArray<SkippedDomain>
    }

type Plan = RoutingPlan<SwapOutcome>
type Target = NonNullable<RoutingSnapshot["target"]>
type Project = NonNullable<RoutingSnapshot["project"]>

const productionEnvironment = "production"

const nothing = (answer: SwapOutcome): Plan => ({ insert: [], reassign: [], live: null, answer })

/** Created later, or in the same millisecond with the higher primary key. */
export const isNewer = (a: RoutedDeployment, b: RoutedDeployment): boolean =>
  a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.ordinal > b.ordinal)

/**
 * What one swap writes. The live deployment must still be the expected one, or the target itself: then an earlier run
 * of the same swap was committed and only its answer was lost, and the rest of the plan changes nothing.
 */
export const decideSwap = (snapshot: RoutingSnapshot, request: SwapRequest): Plan => {
  const { project, target } = snapshot
  if (project === null) return nothing({ _tag: "ProjectMissing" })
  if (target === null || target.projectId !== project.id) return nothing({ _tag: "DeploymentMissing" })
  const actual = project.liveDeploymentId
  if (actual !== request.expectedLive && actual !== target.id) return nothing({ _tag: "Stale", actual })
  return request.intent === "deploy"
    ? planDeploy(snapshot, project, target, request)
    : planSwitch(snapshot, project, target, request)
}

/** A promotion or rollback moves all sticky routes of the target's environment, or nothing. */
const planSwitch = (snapshot: RoutingSnapshot, project: Project, target: Target, request: SwapRequest): Plan => {
  if (target.status !== "ready") return nothing({ _tag: "Refused", reason: "not_ready" })
  if (target.desiredState !== "running") return nothing({ _tag: "Refused", reason: "put_on_standby" })
  const sticky = stickyRoutes(snapshot, target)
  if (sticky.length === 0) return nothing({ _tag: "Refused", reason: "no_sticky_routes" })
  const isRolledBack = request.intent === "rollback"
  const previous = project.liveDeploymentId === target.id ? request.expectedLive : project.liveDeploymentId
  return {
    insert: [],
    reassign: sticky.map((route) => route.id),
    live: { deploymentId: target.id, isRolledBack },
    answer: { _tag: "Swapped", previous, live: true, rolledBack: isRolledBack, skipped: [] }
  }
}

/** A deploy takes what no newer deployment holds; the live position only in production and never while rolled back. */
const planDeploy = (snapshot: RoutingSnapshot, project: Project, target: Target, request: SwapRequest): Plan => {
  const goesLive = canGoLive(snapshot, project, target)
  const insert: Array<Plan["insert"][number]> = []
  const reassign = new Set<string>()
  const skipped: Array<SkippedDomain> = []
  for (const wanted of request.domains) {
    for (const fqdn of [wanted.fqdn, wanted.alternative]) {
      const route = snapshot.routes.find((candidate) => candidate.fqdn === fqdn)
      if (route === undefined) {
        if (wanted.sticky !== "live" || goesLive)
          insert.push({ id: resourceId("flr", fqdn), fqdn, sticky: wanted.sticky })
        break
      }
      const reason = refusal(route, project, target, goesLive)
      if (reason === undefined) reassign.add(route.id)
      else skipped.push({ fqdn, reason })
      if (reason !== "foreign_project" && reason !== "other_environment") break
    }
  }
  for (const route of stickyRoutes(snapshot, target))
    if (refusal(route, project, target, goesLive) === undefined) reassign.add(route.id)
  const wasLive = project.liveDeploymentId === target.id
  return {
    insert,
    reassign: [...reassign],
    live: goesLive ? { deploymentId: target.id, isRolledBack: false } : null,
    answer: {
      _tag: "Swapped",
      previous: wasLive ? request.expectedLive : project.liveDeploymentId,
      live: goesLive,
      rolledBack: project.isRolledBack,
      skipped
    }
  }
}

const canGoLive = ({ live }: RoutingSnapshot, project: Project, target: Target): boolean =>
  target.environmentSlug === productionEnvironment &&
  !project.isRolledBack &&
  (live === null || live.id === target.id || !isNewer(live, target))

const movable: ReadonlySet<Sticky> = new Set(["environment", "live"])

const stickyRoutes = (snapshot: RoutingSnapshot, target: Target): ReadonlyArray<Route> =>
  snapshot.routes.filter(
    (route) =>
      movable.has(route.sticky) && route.projectId === target.projectId && route.environmentId === target.environmentId
  )

/** Why a deploy may not take a route. Sentinels answer 404 when a route's environment is not its deployment's. */
const refusal = (route: Route, project: Project, target: Target, goesLive: boolean): SkipReason | undefined => {
  if (route.projectId !== project.id) return "foreign_project"
  if (route.environmentId !== target.environmentId) return "other_environment"
  if (route.sticky === "live") {
    if (goesLive) return undefined
    return project.isRolledBack ? "rolled_back" : "newer_deployment"
  }
  const holder = route.deployment
  return holder !== null && holder.id !== target.id && isNewer(holder, target) ? "newer_deployment" : undefined
}
