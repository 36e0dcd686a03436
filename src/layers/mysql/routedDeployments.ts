import type { SqlClient } from "@effect/sql/SqlClient"
import { Schema } from "effect"
import { DeploymentStatus, DesiredState } from "../../services/deploy/Deployment.ts"
import { decodeRows, Integer64 } from "./rows.ts"

/** Rows of `deployments` as a `RoutedDeployment`, selected with `routedDeploymentColumns`. */
export const routedDeploymentRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    projectId: Schema.String,
    environmentId: Schema.String,
    status: DeploymentStatus,
    desiredState: DesiredState,
    createdAt: Integer64,
    ordinal: Integer64
  })
)

export const routedDeploymentColumns = (sql: SqlClient) =>
  sql.literal(`
  id, project_id AS projectId, environment_id AS environmentId, status, desired_state AS desiredState,
  created_at AS createdAt, pk AS ordinal`)
