import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import {
  type DeploymentFilter,
  DeploymentList,
  DeploymentRoute,
  ListedDeployment
} from "../../operations/lists/DeploymentList.ts"
import type { PageRequest } from "../../operations/lists/Page.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { newestFirst } from "./newestFirst.ts"
import { decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const { createdAt, updatedAt } = ListedDeployment.fields

const listed = decodeRows(
  Schema.Struct({
    ...ListedDeployment.fields,
    createdAt: Schema.typeSchema(createdAt),
    updatedAt: Schema.typeSchema(updatedAt),
    pk: Schema.Number
  })
)
const routes = decodeRows(DeploymentRoute)

const readPage = (sql: SqlClient, { project, status }: DeploymentFilter, request: PageRequest) => {
  const { keys, page } = newestFirst(sql, request)
  const newest = keys(sql.literal("deployments"), [
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(project === undefined ? [] : [sql`project_id = ${project}`])
  ])
  const rows = listed(sql`
    SELECT d.pk, d.id, d.workspace_id, w.slug AS workspace_slug, d.project_id, p.slug AS project_slug, d.environment_id,
           e.slug AS environment_slug, COALESCE(p.live_deployment_id = d.id, 0) AS is_live, d.status, d.desired_state,
           d.image, d.build_id, d.git_commit_sha, d.git_branch, d.created_at, d.updated_at
    FROM ${newest} k
    JOIN deployments d ON d.pk = k.pk
    LEFT JOIN workspaces w ON w.id = d.workspace_id
    LEFT JOIN projects p ON p.id = d.project_id
    LEFT JOIN environments e ON e.id = d.environment_id
    ORDER BY d.pk DESC`)
  return Effect.map(rows, (found) => page(found, ({ pk: _, ...item }) => item))
}

/** Deployments by the primary key, or by the index on their status or project. */
export const DeploymentListLive: Layer.Layer<DeploymentList, never, MysqlPools> = Layer.effect(
  DeploymentList,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { query } = storeMethods("DeploymentList", primary)
    const page = query("page", (filter: DeploymentFilter, request: PageRequest) => readPage(sql, filter, request))
    const routesOf = query("routesOf", (deploymentId: string) =>
      routes(sql`
        SELECT fully_qualified_domain_name AS ${sql("host")}, sticky FROM frontline_routes
        WHERE deployment_id = ${deploymentId} ORDER BY fully_qualified_domain_name LIMIT 100`)
    )
    return DeploymentList.of({
      page: (filter, request) => Effect.mapError(page(filter, request), databaseUnavailable),
      routesOf: (deploymentId) => Effect.mapError(routesOf(deploymentId), databaseUnavailable)
    })
  })
)
