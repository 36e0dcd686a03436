import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Schema } from "effect"
import {
  DeploymentPhaseRecord,
  DeploymentRecord,
  DeploymentRecords,
  RegionCounts
} from "../../operations/deploy/DeploymentRecords.ts"
import { databaseUnavailable } from "./databaseUnavailable.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const typeOf = <A, I>(schema: Schema.Schema<A, I>) => Schema.typeSchema(schema)

const record = decodeFirst(
  Schema.Struct({
    ...DeploymentRecord.fields,
    createdAt: typeOf(DeploymentRecord.fields.createdAt),
    updatedAt: typeOf(DeploymentRecord.fields.updatedAt)
  })
)
const phases = decodeRows(
  Schema.Struct({
    ...DeploymentPhaseRecord.fields,
    startedAt: typeOf(DeploymentPhaseRecord.fields.startedAt),
    endedAt: typeOf(DeploymentPhaseRecord.fields.endedAt)
  })
)
const regions = decodeRows(RegionCounts)

const findRecord = (sql: SqlClient, deploymentId: string) =>
  record(sql`
    SELECT d.id, d.workspace_id, w.slug AS workspace_slug, d.project_id, p.slug AS project_slug, d.environment_id,
           e.slug AS environment_slug, COALESCE(p.live_deployment_id = d.id, 0) AS is_live, d.status, d.desired_state,
           d.image, d.build_id, d.git_commit_sha, d.git_branch, LEFT(d.git_commit_message, 200) AS git_commit_message,
           d.git_commit_author_handle, d.created_at, d.updated_at
    FROM deployments d
    LEFT JOIN workspaces w ON w.id = d.workspace_id
    LEFT JOIN projects p ON p.id = d.project_id
    LEFT JOIN environments e ON e.id = d.environment_id
    WHERE d.id = ${deploymentId}`)

/** At most one row per phase. */
const findPhases = (sql: SqlClient, deploymentId: string) =>
  phases(sql`
    SELECT step, started_at, ended_at, error FROM deployment_steps
    WHERE deployment_id = ${deploymentId} ORDER BY started_at, step + 0`)

const countInstances = (sql: SqlClient, deploymentId: string) =>
  regions(sql`
    SELECT t.region, t.desired_replicas, SUM(COALESCE(i.status = 'running', 0)) AS running,
           SUM(COALESCE(i.status = 'failed', 0)) AS failed
    FROM deployment_topology t
    LEFT JOIN instances i ON i.deployment_id = t.deployment_id AND i.region = t.region
    WHERE t.deployment_id = ${deploymentId} GROUP BY t.region, t.desired_replicas ORDER BY t.region LIMIT 100`)

export const DeploymentRecordsLive: Layer.Layer<DeploymentRecords, never, MysqlPools> = Layer.effect(
  DeploymentRecords,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { query } = storeMethods("DeploymentRecords", primary)
    return DeploymentRecords.of({
      find: (deploymentId) =>
        Effect.mapError(
          query("find", () =>
            Effect.gen(function* () {
              const deployment = yield* findRecord(sql, deploymentId)
              if (deployment === null) return Option.none()
              const [phases, regions] = yield* Effect.all([
                findPhases(sql, deploymentId),
                countInstances(sql, deploymentId)
              ])
              return Option.some({ deployment, phases, regions })
            })
          )(),
          databaseUnavailable
        )
    })
  })
)
