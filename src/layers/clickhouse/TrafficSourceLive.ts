import { Array as Arr, Effect, Layer, Schema } from "effect"
import { type TrafficQuery, TrafficSource } from "../../services/clickhouse/Usage.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"

const Served = Schema.Struct({
  workspace_id: Schema.String,
  project_id: Schema.String,
  environment_id: Schema.String,
  deployment_id: Schema.String
})

/** The conditions follow the table's sort key, so that only granules of these environments are read. */
const servedSince = `
  SELECT DISTINCT workspace_id, project_id, environment_id, deployment_id
  FROM default.sentinel_requests_raw_v1
  WHERE workspace_id IN {workspaces:Array(String)} AND project_id IN {projects:Array(String)}
    AND environment_id IN {environments:Array(String)} AND time >= {since:Int64}
    AND deployment_id IN {deployments:Array(String)}`

const distinct = (question: TrafficQuery, column: keyof TrafficQuery["deployments"][number]) =>
  Arr.dedupe(question.deployments.map((deployment) => deployment[column]))

export const TrafficSourceLive: Layer.Layer<TrafficSource, never, ClickhouseClient> = Layer.effect(
  TrafficSource,
  Effect.map(ClickhouseClient, (clickhouse) =>
    TrafficSource.of({
      withTraffic: (question) =>
        Effect.map(
          clickhouse.select(
            "requests-of-deployments",
            servedSince,
            {
              since: question.since,
              workspaces: distinct(question, "workspaceId"),
              projects: distinct(question, "projectId"),
              environments: distinct(question, "environmentId"),
              deployments: distinct(question, "deploymentId")
            },
            Served
          ),
          (rows) => {
            // A row counts only if all four ids match.
            const served = new Set(
              rows.map((row) =>
                JSON.stringify([row.workspace_id, row.project_id, row.environment_id, row.deployment_id])
              )
            )
            return new Set(
              question.deployments
                .filter((it) =>
                  served.has(JSON.stringify([it.workspaceId, it.projectId, it.environmentId, it.deploymentId]))
                )
                .map((it) => it.deploymentId)
            )
          }
        )
    })
  )
)
