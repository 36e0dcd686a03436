import { Array as Arr, Effect, Layer, Schema } from "effect"
import { type TrafficQuery, TrafficSource } from "../../services/clickhouse/Usage.ts"
import { ClickhouseClient } from "./ClickhouseClient.ts"
import { idBatches } from "./idBatches.ts"

const Served = Schema.Struct({
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  deploymentId: Schema.String
})

/** The conditions follow the table's sort key, so that only granules of these environments are read. */
const servedSince = `
  SELECT DISTINCT workspace_id AS workspaceId, project_id AS projectId, environment_id AS environmentId, deployment_id AS deploymentId
  FROM default.sentinel_requests_raw_v1
  WHERE workspace_id IN {workspaces:Array(String)} AND project_id IN {projects:Array(String)}
    AND environment_id IN {environments:Array(String)} AND time >= {since:Int64}
    AND deployment_id IN {deployments:Array(String)}`

type Deployments = TrafficQuery["deployments"]
type Deployment = Deployments[number]

const distinct = (deployments: Deployments, column: keyof Deployment) =>
  Arr.dedupe(deployments.map((deployment) => deployment[column]))

/** A row counts only if all four ids match. */
const keyOf = ({ deploymentId, environmentId, projectId, workspaceId }: Deployment): string =>
  JSON.stringify([workspaceId, projectId, environmentId, deploymentId])

export const TrafficSourceLive: Layer.Layer<TrafficSource, never, ClickhouseClient> = Layer.effect(
  TrafficSource,
  Effect.map(ClickhouseClient, (clickhouse) => {
    const served = (deployments: Deployments, since: number) =>
      clickhouse.select(
        "requests-of-deployments",
        servedSince,
        {
          since,
          workspaces: distinct(deployments, "workspaceId"),
          projects: distinct(deployments, "projectId"),
          environments: distinct(deployments, "environmentId"),
          deployments: distinct(deployments, "deploymentId")
        },
        Served
      )
    return TrafficSource.of({
      withTraffic: ({ deployments, since }) =>
        Effect.map(
          Effect.forEach(idBatches(deployments), (batch) => served(batch, since)),
          (batches) => {
            const keys = new Set(batches.flat().map(keyOf))
            return new Set(deployments.filter((it) => keys.has(keyOf(it))).map(({ deploymentId }) => deploymentId))
          }
        )
    })
  })
)
