import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import { applyRefusal } from "./applyRefusal.ts"
import type { Instances } from "./reports.ts"

/** Rows per poll, as krane requests them. */
const pageSize = 100

const TopologyRow = Schema.Struct({
  version: Schema.BigInt,
  deploymentId: Schema.String,
  desiredStatus: Schema.Literal("starting", "started", "stopping", "stopped"),
  replicas: Schema.Number,
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  buildId: Schema.NullOr(Schema.String),
  port: Schema.Number,
  k8sName: Schema.String,
  namespace: Schema.NullOr(Schema.String),
  image: Schema.NullOr(Schema.String),
  cpuMillicores: Schema.Number,
  memoryMib: Schema.Number
})

const SentinelRow = Schema.Struct({ version: Schema.BigInt, id: Schema.String })

// A row that does not decode is a defect of the simulator or of the worker's writes.
const topologyRows = Schema.decodeUnknown(Schema.Array(TopologyRow))
const sentinelRows = Schema.decodeUnknown(Schema.Array(SentinelRow))

interface Wish {
  readonly version: bigint
  readonly instances: Instances
  /** Krane's action; none if it or the Kubernetes API rejects the row. */
  readonly order: "apply" | "delete" | "refuse"
}

const wishOf =
  (region: string) =>
  ({ desiredStatus, version, ...row }: typeof TopologyRow.Type): Wish => {
    const isWanted = desiredStatus === "starting" || desiredStatus === "started"
    const instances = { ...row, region, image: row.image ?? "", namespace: row.namespace ?? "" }
    return { version, instances, order: !isWanted ? "delete" : applyRefusal(row) === null ? "apply" : "refuse" }
  }

/** The next page of a region's topology, with the columns that krane needs to apply it. */
export const topologyAfter = Effect.fnUntraced(function* (region: string, cursor: bigint) {
  const sql = yield* SqlClient
  const rows = yield* sql`
    SELECT CAST(t.version AS CHAR) AS version, t.deployment_id AS deploymentId, t.desired_status AS desiredStatus,
           t.desired_replicas AS replicas, t.workspace_id AS workspaceId, d.project_id AS projectId, d.k8s_name AS k8sName,
           d.environment_id AS environmentId, d.build_id AS buildId, d.port, w.k8s_namespace AS namespace, d.image, d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib
    FROM deployment_topology t
    JOIN deployments d ON d.id = t.deployment_id
    JOIN workspaces w ON w.id = t.workspace_id
    WHERE t.region = ${region} AND t.version > CAST(${String(cursor)} AS UNSIGNED)
    ORDER BY t.version LIMIT ${sql.literal(String(pageSize))}`
  return (yield* Effect.orDie(topologyRows(rows))).map(wishOf(region))
})

/** The desired state of the deployment itself, which krane polls each minute for what it runs. */
export const isDesiredRunning = Effect.fnUntraced(function* (deploymentId: string) {
  const sql = yield* SqlClient
  const rows = yield* sql<{ state: string }>`SELECT desired_state AS state FROM deployments WHERE id = ${deploymentId}`
  return rows[0]?.state === "running"
})

/** The next page of a region's sentinels. */
export const sentinelsAfter = Effect.fnUntraced(function* (region: string, cursor: bigint) {
  const sql = yield* SqlClient
  const rows = yield* sql`
    SELECT CAST(version AS CHAR) AS version, id FROM sentinels
    WHERE region = ${region} AND desired_state = 'running' AND version > CAST(${String(cursor)} AS UNSIGNED)
    ORDER BY sentinels.version LIMIT ${sql.literal(String(pageSize))}`
  return yield* Effect.orDie(sentinelRows(rows))
})
