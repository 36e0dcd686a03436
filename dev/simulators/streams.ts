import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import type { Instances } from "./reports.ts"

/** Rows per look, as krane asks for them. */
const pageSize = 100

const TopologyRow = Schema.Struct({
  version: Schema.BigInt,
  deploymentId: Schema.String,
  desiredStatus: Schema.Literal("starting", "started", "stopping", "stopped"),
  replicas: Schema.Number,
  workspaceId: Schema.String,
  projectId: Schema.String,
  k8sName: Schema.String,
  namespace: Schema.NullOr(Schema.String),
  image: Schema.NullOr(Schema.String),
  cpuMillicores: Schema.Number,
  memoryMib: Schema.Number
})

const SentinelRow = Schema.Struct({ version: Schema.BigInt, id: Schema.String })

// A row that does not decode is a defect of the simulator or of the worker's writes; either way a person has to look.
const topologyRows = Schema.decodeUnknown(Schema.Array(TopologyRow))
const sentinelRows = Schema.decodeUnknown(Schema.Array(SentinelRow))

interface Wish {
  readonly version: bigint
  readonly instances: Instances
  /** False: nothing of it may run. */
  readonly wanted: boolean
}

const wishOf =
  (region: string) =>
  ({ desiredStatus, image, namespace, version, ...row }: typeof TopologyRow.Type): Wish => ({
    version,
    instances: { ...row, region, image: image ?? "", namespace: namespace ?? "" },
    // Krane cannot apply what has no image or no namespace yet.
    wanted: desiredStatus.startsWith("start") && image !== null && image !== "" && namespace !== null
  })

/** The next page of a region's topology, joined with what krane needs to apply it. */
export const topologyAfter = Effect.fnUntraced(function* (region: string, cursor: bigint) {
  const sql = yield* SqlClient
  const rows = yield* sql`
    SELECT CAST(t.version AS CHAR) AS version, t.deployment_id AS deploymentId, t.desired_status AS desiredStatus,
           t.desired_replicas AS replicas, t.workspace_id AS workspaceId, d.project_id AS projectId, d.k8s_name AS k8sName,
           w.k8s_namespace AS namespace, d.image, d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib
    FROM deployment_topology t
    JOIN deployments d ON d.id = t.deployment_id
    JOIN workspaces w ON w.id = t.workspace_id
    WHERE t.region = ${region} AND t.version > CAST(${String(cursor)} AS UNSIGNED)
    ORDER BY t.version LIMIT ${sql.literal(String(pageSize))}`
  return (yield* Effect.orDie(topologyRows(rows))).map(wishOf(region))
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
