import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Layer, Order, Schema } from "effect"
import {
  type Route,
  type RoutedDeployment,
  RouteStore,
  type RoutingPlan,
  type RoutingRequest,
  type RoutingSnapshot,
  Sticky
} from "../../services/deploy/RouteStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { routedDeploymentColumns, routedDeploymentRows } from "./routedDeployments.ts"
import { chunkSize, decodeRows, Flag, Integer64 } from "./rows.ts"

const projectRows = decodeRows(
  Schema.Struct({ id: Schema.String, liveDeploymentId: Schema.NullOr(Schema.String), isRolledBack: Flag })
)
const liveRows = decodeRows(Schema.Struct({ liveDeploymentId: Schema.NullOr(Schema.String) }))
const idRows = decodeRows(Schema.Struct({ id: Schema.String }))
const slugRows = decodeRows(Schema.Struct({ slug: Schema.String }))
const routeRow = Schema.Struct({
  id: Schema.String,
  fqdn: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  deploymentId: Schema.String,
  sticky: Sticky,
  createdAt: Integer64,
  ordinal: Integer64
})
type RouteRow = typeof routeRow.Type
const routeRows = decodeRows(routeRow)

const byCreation = Order.combine(
  Order.mapInput(Order.number, (row: RouteRow) => row.createdAt),
  Order.mapInput(Order.number, (row: RouteRow) => row.ordinal)
)

const lockProject = (sql: SqlClient, projectId: string) =>
  Effect.map(
    projectRows(sql`
      SELECT id, live_deployment_id AS liveDeploymentId, is_rolled_back AS isRolledBack
      FROM projects WHERE id = ${projectId} FOR UPDATE`),
    ([row]) => row ?? null
  )

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

const readDeployments = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  inChunks(ids, (chunk) =>
    routedDeploymentRows(sql`SELECT ${routedDeploymentColumns(sql)} FROM deployments WHERE ${sql.in("id", chunk)}`)
  )

/** Ids of the relevant routes. Read without locks, so that the rows can then be locked by id. */
const findRouteIds = Effect.fnUntraced(function* (
  sql: SqlClient,
  fqdns: ReadonlyArray<string>,
  environmentId: string | undefined
) {
  const named = yield* inChunks(fqdns, (chunk) =>
    idRows(sql`SELECT id FROM frontline_routes WHERE ${sql.in("fully_qualified_domain_name", chunk)}`)
  )
  const following =
    environmentId === undefined
      ? []
      : yield* idRows(sql`
          SELECT id FROM frontline_routes
          WHERE environment_id = ${environmentId} AND sticky IN ('environment', 'live')`)
  return Arr.dedupe([...named, ...following].map((row) => row.id)).sort()
})

const lockRoutes = (sql: SqlClient, ids: ReadonlyArray<string>) =>
  Effect.map(
    inChunks(ids, (chunk) =>
      routeRows(sql`
        SELECT id, fully_qualified_domain_name AS fqdn, project_id AS projectId, environment_id AS environmentId,
               deployment_id AS deploymentId, sticky, created_at AS createdAt, pk AS ordinal
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
  const locked = yield* lockDeployments(
    sql,
    Arr.dedupe(liveId === null ? [request.deploymentId] : [request.deploymentId, liveId])
  )
  const target = locked.find((deployment) => deployment.id === request.deploymentId)
  const [environment] =
    target === undefined ? [] : yield* slugRows(sql`SELECT slug FROM environments WHERE id = ${target.environmentId}`)
  const routes = yield* lockRoutes(sql, yield* findRouteIds(sql, request.fqdns, target?.environmentId))
  const deployments = yield* routedDeployments(sql, request.projectId, routes, locked)
  const byId = (id: string | null) => deployments.find((deployment) => deployment.id === id) ?? null
  const snapshot: RoutingSnapshot = {
    project,
    target: target === undefined ? null : { ...target, environmentSlug: environment?.slug ?? null },
    live: byId(liveId),
    routes: routes.map(
      (row): Route => ({
        id: row.id,
        fqdn: row.fqdn,
        projectId: row.projectId,
        environmentId: row.environmentId,
        sticky: row.sticky,
        deployment: byId(row.deploymentId)
      })
    )
  }
  return snapshot
})

const pointRoutes = (
  sql: SqlClient,
  assignment: {
    readonly projectId: string
    readonly deploymentId: string
    readonly routeIds: ReadonlyArray<string>
    readonly at: number
  }
) =>
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
  for (const route of plan.insert) {
    yield* sql`
      INSERT INTO frontline_routes
        (id, project_id, deployment_id, environment_id, fully_qualified_domain_name, sticky, created_at,
         updated_at)
      VALUES (${route.id}, ${request.projectId}, ${request.deploymentId}, ${target?.environmentId ?? ""}, ${route.fqdn},
              ${route.sticky}, ${request.at}, ${request.at})`
  }
  yield* pointRoutes(sql, { ...request, routeIds: plan.reassign })
  if (plan.live !== null) {
    yield* sql`
      UPDATE projects SET live_deployment_id = ${plan.live.deploymentId},
        is_rolled_back = ${plan.live.isRolledBack ? 1 : 0}, updated_at = ${request.at}
      WHERE id = ${request.projectId}`
  }
})

export const RouteStoreLive: Layer.Layer<RouteStore, never, MysqlPools> = Layer.effect(
  RouteStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    const liveDeployment = Effect.fn("RouteStore.liveDeployment")(function* (projectId: string) {
      const [row] = yield* query(
        "RouteStore.liveDeployment",
        liveRows(sql`SELECT live_deployment_id AS liveDeploymentId FROM projects WHERE id = ${projectId}`)
      )
      return row?.liveDeploymentId ?? null
    })

    const transact = Effect.fn("RouteStore.transact")(
      <A>(request: RoutingRequest, decide: (snapshot: RoutingSnapshot) => RoutingPlan<A>) =>
        Effect.gen(function* () {
          const snapshot = yield* readSnapshot(sql, request)
          const plan = decide(snapshot)
          yield* writePlan(sql, request, snapshot.target, plan)
          return plan.answer
        }).pipe((body) => transaction("RouteStore.transact", body), replanOnDuplicate)
    )

    const assign = Effect.fn("RouteStore.assign")((assignment: Parameters<typeof pointRoutes>[1]) =>
      transaction(
        "RouteStore.assign",
        Effect.zipRight(lockProject(sql, assignment.projectId), pointRoutes(sql, assignment))
      )
    )

    return RouteStore.of({ liveDeployment, transact, assign })
  })
)
