import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import {
  type NetworkPolicyRow,
  type RegionPlan,
  type RegionRequest,
  type RegionSnapshot,
  RegionStore,
  type SentinelRow,
  type Topology,
  TopologyStatus
} from "../../services/deploy/RegionStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { decodeRows, Json, Version } from "./rows.ts"

const maxRows = decodeRows(Schema.Struct({ version: Schema.NullOr(Version) }))
const policyRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    k8sName: Schema.String,
    k8sNamespace: Schema.String,
    policy: Json(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  })
)
const sentinelRows = decodeRows(
  Schema.Struct({
    id: Schema.String,
    k8sName: Schema.String,
    k8sAddress: Schema.String,
    image: Schema.String,
    desiredReplicas: Schema.Number,
    cpuMillicores: Schema.Number,
    memoryMib: Schema.Number
  })
)
const topologyRows = decodeRows(
  Schema.Struct({ desiredReplicas: Schema.Number, desiredStatus: TopologyStatus, version: Version })
)

const readMaxVersion = (sql: SqlClient, region: string) =>
  Effect.map(
    maxRows(sql`
      SELECT MAX(newest.version) AS version FROM (
        SELECT MAX(version) AS version FROM cilium_network_policies WHERE region = ${region}
        UNION ALL SELECT MAX(version) FROM sentinels WHERE region = ${region}
        UNION ALL SELECT MAX(version) FROM deployment_topology WHERE region = ${region}
      ) AS newest`),
    ([row]) => row?.version ?? 0n
  )

/**
 * Serializes writers of the region. Callers hold the region's key, but an attempt that lost its key may still be committing.
 * Locks the newest row of each table, which is also where a version would collide.
 */
const lockRegion = (sql: SqlClient, region: string) =>
  Effect.all(
    [
      sql`SELECT version FROM cilium_network_policies WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE`,
      sql`SELECT version FROM sentinels WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE`,
      sql`SELECT version FROM deployment_topology WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE`
    ],
    { discard: true }
  )

const readSnapshot = Effect.fnUntraced(function* (sql: SqlClient, request: RegionRequest) {
  yield* lockRegion(sql, request.region)
  const policies = yield* policyRows(sql`
    SELECT id, k8s_name AS k8sName, k8s_namespace AS k8sNamespace, policy FROM cilium_network_policies
    WHERE deployment_id = ${request.deploymentId} AND region = ${request.region} ORDER BY k8s_name FOR UPDATE`)
  const [sentinel] = yield* sentinelRows(sql`
    SELECT id, k8s_name AS k8sName, k8s_address AS k8sAddress, image, desired_replicas AS desiredReplicas,
           cpu_millicores AS cpuMillicores, memory_mib AS memoryMib
    FROM sentinels WHERE environment_id = ${request.environmentId} AND region = ${request.region} FOR UPDATE`)
  const [topology] = yield* topologyRows(sql`
    SELECT desired_replicas AS desiredReplicas, desired_status AS desiredStatus, version
    FROM deployment_topology
    WHERE deployment_id = ${request.deploymentId} AND region = ${request.region} FOR UPDATE`)
  const maxVersion = yield* readMaxVersion(sql, request.region)
  const snapshot: RegionSnapshot = { maxVersion, policies, sentinel: sentinel ?? null, topology: topology ?? null }
  return snapshot
})

// Rows in the snapshot are updated, others inserted. An upsert would not work: it would also absorb a collision on an id or on
// (region, version) and change another row. Updates never lower a version.

const writePolicy = (
  sql: SqlClient,
  request: RegionRequest,
  exists: boolean,
  row: NetworkPolicyRow & { readonly version: bigint }
) =>
  exists
    ? sql`
      UPDATE cilium_network_policies
      SET policy = ${JSON.stringify(row.policy)}, k8s_namespace = ${row.k8sNamespace}, version = ${String(row.version)},
          updated_at = ${request.at}
      WHERE deployment_id = ${request.deploymentId} AND region = ${request.region} AND k8s_name = ${row.k8sName}
        AND version < CAST(${String(row.version)} AS UNSIGNED)`
    : sql`
      INSERT INTO cilium_network_policies
        (id, workspace_id, project_id, environment_id, deployment_id, k8s_name, k8s_namespace, region, policy, version,
         created_at)
      VALUES (${row.id}, ${request.workspaceId}, ${request.projectId}, ${request.environmentId}, ${request.deploymentId},
              ${row.k8sName}, ${row.k8sNamespace}, ${request.region}, ${JSON.stringify(row.policy)},
              ${String(row.version)}, ${request.at})`

const writeSentinel = (
  sql: SqlClient,
  request: RegionRequest,
  exists: boolean,
  row: SentinelRow & { readonly version: bigint }
) =>
  exists
    ? sql`
      UPDATE sentinels
      SET image = ${row.image}, version = ${String(row.version)}, updated_at = ${request.at}
      WHERE environment_id = ${request.environmentId} AND region = ${request.region}
        AND version < CAST(${String(row.version)} AS UNSIGNED)`
    : sql`
      INSERT INTO sentinels
        (id, workspace_id, project_id, environment_id, k8s_name, k8s_address, region, image, health, desired_replicas,
         available_replicas, cpu_millicores, memory_mib, version, created_at)
      VALUES (${row.id}, ${request.workspaceId}, ${request.projectId}, ${request.environmentId}, ${row.k8sName},
              ${row.k8sAddress}, ${request.region}, ${row.image}, 'unknown', ${row.desiredReplicas}, 0,
              ${row.cpuMillicores}, ${row.memoryMib}, ${String(row.version)}, ${request.at})`

const writeTopology = (sql: SqlClient, request: RegionRequest, exists: boolean, row: Topology) =>
  exists
    ? sql`
      UPDATE deployment_topology
      SET desired_replicas = ${row.desiredReplicas}, desired_status = ${row.desiredStatus},
          version = ${String(row.version)}, updated_at = ${request.at}
      WHERE deployment_id = ${request.deploymentId} AND region = ${request.region}
        AND version < CAST(${String(row.version)} AS UNSIGNED)`
    : sql`
      INSERT INTO deployment_topology
        (workspace_id, deployment_id, region, desired_replicas, version, desired_status, created_at)
      VALUES (${request.workspaceId}, ${request.deploymentId}, ${request.region}, ${row.desiredReplicas},
              ${String(row.version)}, ${row.desiredStatus}, ${request.at})`

const writePlan = Effect.fnUntraced(function* (
  sql: SqlClient,
  request: RegionRequest,
  snapshot: RegionSnapshot,
  plan: RegionPlan
) {
  for (const policy of plan.policies) {
    const exists = snapshot.policies.some((row) => row.k8sName === policy.k8sName)
    yield* writePolicy(sql, request, exists, policy)
  }
  if (plan.sentinel !== null) yield* writeSentinel(sql, request, snapshot.sentinel !== null, plan.sentinel)
  if (plan.topology !== null) yield* writeTopology(sql, request, snapshot.topology !== null, plan.topology)
})

export const RegionStoreLive: Layer.Layer<RegionStore, never, MysqlPools> = Layer.effect(
  RegionStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    const maxVersion = Effect.fn("RegionStore.maxVersion")((region: string) =>
      query("RegionStore.maxVersion", readMaxVersion(sql, region))
    )

    const transact = Effect.fn("RegionStore.transact")(
      (request: RegionRequest, decide: (snapshot: RegionSnapshot) => RegionPlan) =>
        Effect.gen(function* () {
          const snapshot = yield* readSnapshot(sql, request)
          const plan = decide(snapshot)
          yield* writePlan(sql, request, snapshot, plan)
          return plan
        }).pipe((body) => transaction("RegionStore.transact", body), replanOnDuplicate)
    )

    return RegionStore.of({ maxVersion, transact })
  })
)
