import { Effect, Ref } from "effect"
import {
  type Route,
  type RoutedDeployment,
  RoutedProject,
  RouteStore,
  type RoutingPlan,
  type RoutingRequest,
  type RoutingSnapshot
} from "../../../src/services/deploy/RouteStore.ts"
import { columnsOf, type Draft, MemoryTables, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import { routedDeployments } from "./routedDeployments.ts"
import type { Rows } from "./Tables.ts"

const routedDeployment = (rows: Rows, deploymentId: string | null): RoutedDeployment | null =>
  routedDeployments(rows, ({ id }) => id === deploymentId)[0] ?? null

const routedProject = rowAs(RoutedProject)

const takeSnapshot = (rows: Rows, request: RoutingRequest): RoutingSnapshot => {
  const project = rows.projects.find(({ id }) => id === request.projectId)
  const target = routedDeployment(rows, request.deploymentId)
  const environment = rows.environments.find(({ id }) => id === target?.environmentId)
  const isConcerned = (row: Rows["frontline_routes"][number]) =>
    request.fqdns.includes(row.fully_qualified_domain_name) ||
    (row.environment_id === target?.environmentId && (row.sticky === "environment" || row.sticky === "live"))
  return {
    project: routedProject(project),
    target: target === null ? null : { ...target, environmentSlug: environment?.slug ?? null },
    live: routedDeployment(rows, project?.live_deployment_id ?? null),
    routes: rows.frontline_routes
      .filter(isConcerned)
      .sort((one, other) => one.created_at - other.created_at)
      .map(
        (row): Route => ({
          id: row.id,
          fqdn: row.fully_qualified_domain_name,
          projectId: row.project_id,
          environmentId: row.environment_id,
          sticky: row.sticky,
          deployment: routedDeployment(rows, row.deployment_id)
        })
      )
  }
}

const pointRoutes = (
  draft: Draft,
  to: { readonly projectId: string; readonly deploymentId: string; readonly at: number },
  routeIds: ReadonlyArray<string>
) =>
  updateWhere(draft.frontline_routes, (row) => routeIds.includes(row.id) && row.project_id === to.projectId, {
    deployment_id: to.deploymentId,
    updated_at: to.at
  })

const applyPlan = <A>(draft: Draft, request: RoutingRequest, environmentId: string, plan: RoutingPlan<A>) => {
  const { at, deploymentId, projectId } = request
  const owner = columnsOf({ projectId, deploymentId, environmentId, createdAt: at, updatedAt: at })
  for (const { fqdn, id, sticky } of plan.insert)
    draft.frontline_routes.push({ id, ...owner, fully_qualified_domain_name: fqdn, sticky })
  pointRoutes(draft, request, plan.reassign)
  if (plan.live === null) return
  updateWhere(draft.projects, ({ id }) => id === request.projectId, {
    live_deployment_id: plan.live.deploymentId,
    is_rolled_back: plan.live.isRolledBack,
    updated_at: at
  })
}

export const makeRouteStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  return RouteStore.of({
    liveDeployment: (projectId) =>
      Effect.map(
        Ref.get(tables),
        (rows) => rows.projects.find(({ id }) => id === projectId)?.live_deployment_id ?? null
      ),
    transact: (request, decide) =>
      change("RouteStore.transact", (draft) => {
        const snapshot = takeSnapshot(draft, request)
        const plan = decide(snapshot)
        applyPlan(draft, request, snapshot.target?.environmentId ?? "", plan)
        return plan.answer
      }),
    assign: (assignment) => change("RouteStore.assign", (draft) => pointRoutes(draft, assignment, assignment.routeIds))
  })
})
