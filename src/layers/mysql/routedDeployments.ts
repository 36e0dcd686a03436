import type { SqlClient } from "@effect/sql/SqlClient"
import { RoutedDeployment } from "../../services/deploy/RouteStore.ts"
import { decodeRows } from "./rows.ts"

/** Selected with `routedDeploymentColumns`. */
export const routedDeploymentRows = decodeRows(RoutedDeployment)

export const routedDeploymentColumns = (sql: SqlClient) =>
  sql.literal("id, project_id, environment_id, status, desired_state, created_at, pk AS ordinal")
