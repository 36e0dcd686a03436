import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Layer, Order, Schema } from "effect"
import {
  Route,
  RoutedDeployment,
  RoutedProject,
  RouteStore,
  type RoutingPlan,
  type RoutingRequest,
  type RoutingSnapshot
} from "../../services/deploy/RouteStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { routedDeploymentColumns, routedDeploymentRows } from "./routedDeployments.ts"
import { chunkSize, decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const routedProject = decodeFirst(RoutedProject)
const liveProject = decodeFirst(RoutedProject.pick("liveDeploymentId"))
const idRows = decodeRows(Route.pick("id"))
const targetRows = decodeRows(
  Schema.Struct({ ...RoutedDeployment.fields, environmentSlug: Schema.NullOr(Schema.String) })
)
const RouteRow = Schema.Struct({
  ...Route.omit("deployment").fields,
  deploymentId: Schema.String,
  createdAt: Schema.Number,
  ordinal: Schema.Number
})
type RouteRow = typeof RouteRow.Type
const routeRows = decodeRows(RouteRow)

const byCreation = Order.combine(
  Order.mapInput(Order.number, (row: RouteRow) => row.createdAt),
  Order.mapInput(Order.number, (row: RouteRow) => row.ordinal)
)

const lockProject = (sql: SqlClient, projectId: string) =>
  routedProject(sql`
    SELECT id, live_deployment_id, is_rolled_back FROM projects WHERE id = ${projectId} FOR UPDATE`)

const inChunks = <A, B, E>(
  values: ReadonlyArray<A>,
  select: (chunk: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
) => Effect.map(Effect.forEach(Arr.chunksOf(values, chunkSize), select), Arr.flatten)

/** Locks deployments by id, the lock order of all transactions. */
const lockDeployments = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  inChunks([...ids].sort(), (chunk) =>
    routedDeploymentRows(sql`
      SELECT ${routedDeploymentColumns(sql)} FROM deployments WHERE ${sql.in("id", chunk)} ORDER BY id FOR UPDATE`)
  )

/** Locks the target and the live deployment, with the slug of each one's environment, which is not locked. */
const lockTarget = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  targetRows(sql`
    SELECT ${routedDeploymentColumns(sql)},
           (SELECT slug FROM environments WHERE environments.id = deployments.environment_id) AS environment_slug
    FROM deployments WHERE ${sql.in("id", ids)} ORDER BY id FOR UPDATE`)

const readDeployments = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  inChunks(ids, (chunk) =>
    routedDeploymentRows(sql`SELECT ${routedDeploymentColumns(sql)} FROM deployments WHERE ${sql.in("id", chunk)}`)
  )

/** Ids of the relevant routes. Read without locks, so that the rows can then be locked by id. */
const findRouteIds = (sql: SqlClient, fqdns: ReadonlyArray<string>, environmentId: string | undefined) => {
  const named = (chunk: ReadonlyArray<string>) =>
    sql`SELECT id FROM frontline_routes WHERE ${sql.in("fully_qualified_domain_name", chunk)}`
  const following = sql`
    SELECT id FROM frontline_routes
    WHERE environment_id = ${environmentId ?? null} AND sticky IN ('environment', 'live')`
  const [first = [], ...others] = Arr.chunksOf(fqdns, chunkSize)
  const statements = [
    first.length === 0 ? following : sql`${named(first)} UNION ${following}`,
    ...others.map((chunk) => named(chunk))
  ]
  return Effect.map(
    Effect.forEach(statements, (statement) => idRows(statement)),
    (rows) => Arr.dedupe(rows.flat().map((row) => row.id)).sort()
  )
}

const lockRoutes = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  Effect.map(
    inChunks(ids, (chunk) =>
      routeRows(sql`
        SELECT id, fully_qualified_domain_name AS fqdn, project_id, environment_id, deployment_id, sticky, created_at,
               pk AS ordinal
        FROM frontline_routes WHERE ${sql.in("id", chunk)} ORDER BY id FOR UPDATE`)
    ),
    Arr.sort(byCreation)
  )

/**
 * Locks the deployments of the project's own routes. Another project's deployment is only read: locking it could cause a
 * deadlock.
 */
const routedDeployments = Effect.fnUntraced(function* (
  sql: SqlClient,
  projectId: string,
  routes: ReadonlyArray<RouteRow>,
  locked: ReadonlyArray<RoutedDeployment>
) {
  const [foreign, own] = Arr.partition(routes, (route) => route.projectId === projectId)
  const missing = (candidates: ReadonlyArray<RouteRow>, known: ReadonlyArray<RoutedDeployment>) =>
    Arr.dedupe(candidates.map((route) => route.deploymentId)).filter(
      (id) => id !== "" && !known.some((deployment) => deployment.id === id)
    )
  const afterOwn = [...locked, ...(yield* lockDeployments(sql, missing(own, locked)))]
  return [...afterOwn, ...(yield* readDeployments(sql, missing(foreign, afterOwn)))]
})

const readSnapshot = Effect.fnUntraced(function* (sql: SqlClient, request: RoutingRequest) {
  const project = yield* lockProject(sql, request.projectId)
  const liveId = project?.liveDeploymentId ?? null
  const ids = Arr.dedupe(liveId === null ? [request.deploymentId] : [request.deploymentId, liveId])
  const rows = yield* lockTarget(sql, ids)
  const target = rows.find((deployment) => deployment.id === request.deploymentId)
  const locked = rows.map(({ environmentSlug: _, ...deployment }): RoutedDeployment => deployment)
  const routes = yield* lockRoutes(sql, yield* findRouteIds(sql, request.fqdns, target?.environmentId))
  const deployments = yield* routedDeployments(sql, request.projectId, routes, locked)
  const byId = (id: string | null) => deployments.find((deployment) => deployment.id === id) ?? null
  const snapshot: RoutingSnapshot = {
    project,
    target: target ?? null,
    live: byId(liveId),
    routes: routes.map(
      ({ createdAt: _, deploymentId, ordinal: __, ...row }): Route => ({ ...row, deployment: byId(deploymentId) })
    )
  }
  return snapshot
})

type Assignment = Parameters<RouteStore["Type"]["assign"]>[0]

const pointRoutes = (sql: SqlClient, assignment: Assignment) =>
  Effect.forEach(
    Arr.chunksOf(assignment.routeIds, chunkSize),
    (chunk) => sql`
      UPDATE frontline_routes SET deployment_id = ${assignment.deploymentId}, updated_at = ${assignment.at}
      WHERE ${sql.in("id", chunk)} AND project_id = ${assignment.projectId}`,
    { discard: true }
  )

const writePlan = Effect.fnUntraced(function* <A>(
  sql: SqlClient,
  request: RoutingRequest,
  target: RoutingSnapshot["target"],
  plan: RoutingPlan<A>
) {
  if (plan.insert.length > 0 && target === null) {
    return yield* Effect.dieMessage("a routing plan inserts routes to a deployment that does not exist")
  }
  const { at, deploymentId, projectId } = request
  const owner = { projectId, deploymentId, environmentId: target?.environmentId ?? "", createdAt: at, updatedAt: at }
  if (plan.insert.length > 0)
    yield* sql`
      INSERT INTO frontline_routes ${sql.insert(
        plan.insert.map(({ fqdn, id, sticky }) => ({ id, ...owner, fullyQualifiedDomainName: fqdn, sticky }))
      )}`
  yield* pointRoutes(sql, { ...request, routeIds: plan.reassign })
  if (plan.live !== null)
    yield* sql`
      UPDATE projects SET live_deployment_id = ${plan.live.deploymentId},
        is_rolled_back = ${plan.live.isRolledBack ? 1 : 0}, updated_at = ${at}
      WHERE id = ${projectId}`
})

export const RouteStoreLive: Layer.Layer<RouteStore, never, MysqlPools> = Layer.effect(
  RouteStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { query, replanned, transaction } = storeMethods("RouteStore", primary)
    return RouteStore.of({
      liveDeployment: query("liveDeployment", (projectId: string) =>
        Effect.map(
          liveProject(sql`SELECT live_deployment_id FROM projects WHERE id = ${projectId}`),
          (project) => project?.liveDeploymentId ?? null
        )
      ),
      transact: replanned(
        "transact",
        <A>(request: RoutingRequest, decide: (snapshot: RoutingSnapshot) => RoutingPlan<A>) =>
          Effect.gen(function* () {
            const snapshot = yield* readSnapshot(sql, request)
            const plan = decide(snapshot)
            yield* writePlan(sql, request, snapshot.target, plan)
            return plan.answer
          })
      ),
      assign: transaction("assign", (assignment: Assignment) =>
        Effect.zipRight(lockProject(sql, assignment.projectId), pointRoutes(sql, assignment))
      )
    })
  })
)
