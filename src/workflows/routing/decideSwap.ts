import { productionEnvironment } from "../../services/deploy/Deployment.ts"
import type { Route, RoutedDeployment, RoutingPlan, RoutingSnapshot, Sticky } from "../../services/deploy/RouteStore.ts"
import { resourceId } from "../identifiers.ts"

export type SkipReason = "foreign_project" | "other_environment" | "newer_deployment" | "rolled_back"

export interface SkippedDomain {
  readonly fqdn: string
  readonly reason: SkipReason
}

/** A host name, and the alternative when another project or environment owns it. */
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

const withoutChanges = (answer: SwapOutcome): Plan => ({ insert: [], reassign: [], live: null, answer })

/** Created later, or in the same millisecond with the higher primary key. */
export const isNewer = (a: RoutedDeployment, b: RoutedDeployment): boolean =>
  a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.ordinal > b.ordinal)

/**
 * The changes of one swap, without no-ops. The live deployment must be the expected one, or the target itself: then an
 * earlier run of the same swap was committed and its answer was lost.
 */
export const decideSwap = (snapshot: RoutingSnapshot, request: SwapRequest): Plan => {
  const { project, target } = snapshot
  if (project === null) return withoutChanges({ _tag: "ProjectMissing" })
  if (target === null || target.projectId !== project.id) return withoutChanges({ _tag: "DeploymentMissing" })
  const actual = project.liveDeploymentId
  if (actual !== request.expectedLive && actual !== target.id) return withoutChanges({ _tag: "Stale", actual })
  return request.intent === "deploy"
    ? planDeploy(snapshot, project, target, request)
    : planSwitch(snapshot, project, target, request)
}

/** A promotion or rollback moves all sticky routes of the target's environment, or nothing. */
const planSwitch = (snapshot: RoutingSnapshot, project: Project, target: Target, request: SwapRequest): Plan => {
  if (target.status !== "ready") return withoutChanges({ _tag: "Refused", reason: "not_ready" })
  if (target.desiredState !== "running") return withoutChanges({ _tag: "Refused", reason: "put_on_standby" })
  const sticky = stickyRoutes(snapshot, target)
  if (sticky.length === 0) return withoutChanges({ _tag: "Refused", reason: "no_sticky_routes" })
  const isRolledBack = request.intent === "rollback"
  return {
    insert: [],
    reassign: sticky.filter(isElsewhere(target)).map((route) => route.id),
    live: liveChange(project, target, isRolledBack),
    answer: {
      _tag: "Swapped",
      previous: previousLive(project, target, request),
      live: true,
      rolledBack: isRolledBack,
      skipped: []
    }
  }
}

/**
 * A deploy takes every route that no newer deployment holds; it becomes live only in production and never while the
 * project is rolled back. A deployment that was failed or stopped meanwhile takes nothing.
 */
const planDeploy = (snapshot: RoutingSnapshot, project: Project, target: Target, request: SwapRequest): Plan => {
  if (target.status === "failed") return withoutChanges({ _tag: "Refused", reason: "not_ready" })
  if (target.desiredState !== "running") return withoutChanges({ _tag: "Refused", reason: "put_on_standby" })
  const goesLive = canGoLive(snapshot, project, target)
  const insert: Array<Plan["insert"][number]> = []
  const taken: Array<Route> = []
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
      if (reason === undefined) taken.push(route)
      else skipped.push({ fqdn, reason })
      if (reason !== "foreign_project" && reason !== "other_environment") break
    }
  }
  const stickyTaken = stickyRoutes(snapshot, target).filter(
    (route) => refusal(route, project, target, goesLive) === undefined
  )
  return {
    insert,
    reassign: [...new Set([...taken, ...stickyTaken].filter(isElsewhere(target)).map((route) => route.id))],
    live: goesLive ? liveChange(project, target, false) : null,
    answer: {
      _tag: "Swapped",
      previous: previousLive(project, target, request),
      live: goesLive,
      rolledBack: project.isRolledBack,
      skipped
    }
  }
}

const isElsewhere =
  (target: Target) =>
  ({ deployment }: Route): boolean =>
    deployment?.id !== target.id

const liveChange = (project: Project, target: Target, isRolledBack: boolean): Plan["live"] =>
  project.liveDeploymentId === target.id && project.isRolledBack === isRolledBack
    ? null
    : { deploymentId: target.id, isRolledBack }

/** If the target is live already, an earlier run of the same swap replaced the expected deployment. */
const previousLive = (project: Project, target: Target, { expectedLive }: SwapRequest): string | null =>
  project.liveDeploymentId === target.id ? expectedLive : project.liveDeploymentId

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
