import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schema } from "effect"
import {
  NetworkPolicyRow,
  type RegionPlan,
  type RegionRequest,
  type RegionSnapshot,
  RegionStore,
  SentinelRow,
  Topology
} from "../../services/deploy/RegionStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst, decodeRows, Json } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const newest = decodeFirst(Schema.Struct({ version: Schema.NullOr(Schema.BigIntFromSelf) }))
const policyRows = decodeRows(
  Schema.Struct({
    ...NetworkPolicyRow.fields,
    policy: Json(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
  })
)
const sentinelRow = decodeFirst(SentinelRow)
const topologyRow = decodeFirst(Topology)

const readMaxVersion = (sql: SqlClient, region: string) =>
  Effect.map(
    newest(sql`
      SELECT MAX(newest.version) AS version FROM (
        SELECT MAX(version) AS version FROM cilium_network_policies WHERE region = ${region}
        UNION ALL SELECT MAX(version) FROM sentinels WHERE region = ${region}
        UNION ALL SELECT MAX(version) FROM deployment_topology WHERE region = ${region}
      ) AS newest`),
    (row) => row?.version ?? 0n
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
    SELECT id, k8s_name, k8s_namespace, policy FROM cilium_network_policies
    WHERE deployment_id = ${request.deploymentId} AND region = ${request.region} ORDER BY k8s_name FOR UPDATE`)
  const sentinel = yield* sentinelRow(sql`
    SELECT id, k8s_name, k8s_address, image, desired_replicas, cpu_millicores, memory_mib
    FROM sentinels WHERE environment_id = ${request.environmentId} AND region = ${request.region} FOR UPDATE`)
  const topology = yield* topologyRow(sql`
    SELECT desired_replicas, desired_status, version FROM deployment_topology
    WHERE deployment_id = ${request.deploymentId} AND region = ${request.region} FOR UPDATE`)
  const maxVersion = yield* readMaxVersion(sql, request.region)
  const snapshot: RegionSnapshot = { maxVersion, policies, sentinel, topology }
  return snapshot
})

// Rows in the snapshot are updated, others inserted. An upsert would not work: it would also absorb a collision on an id or on
// (region, version) and change another row. Updates never lower a version.

const isOlder = (sql: SqlClient, version: bigint) => sql`version < CAST(${String(version)} AS UNSIGNED)`

const writePolicy = (
  sql: SqlClient,
  { at, deploymentId, environmentId, projectId, region, workspaceId }: RegionRequest,
  exists: boolean,
  row: NetworkPolicyRow & { readonly version: bigint }
) => {
  const { id, k8sName, k8sNamespace } = row
  const set = { policy: JSON.stringify(row.policy), k8sNamespace, version: String(row.version) }
  const owner = { workspaceId, projectId, environmentId, deploymentId, region }
  return exists
    ? sql`UPDATE cilium_network_policies SET ${sql.update({ ...set, updatedAt: at })}
          WHERE deployment_id = ${deploymentId} AND region = ${region} AND k8s_name = ${k8sName}
            AND ${isOlder(sql, row.version)}`
    : sql`INSERT INTO cilium_network_policies ${sql.insert({ id, ...owner, k8sName, ...set, createdAt: at })}`
}

const writeSentinel = (
  sql: SqlClient,
  { at, environmentId, projectId, region, workspaceId }: RegionRequest,
  exists: boolean,
  { version, ...row }: SentinelRow & { readonly version: bigint }
) => {
  const created = { health: "unknown", availableReplicas: 0, createdAt: at }
  return exists
    ? sql`UPDATE sentinels SET ${sql.update({ image: row.image, version: String(version), updatedAt: at })}
          WHERE environment_id = ${environmentId} AND region = ${region} AND ${isOlder(sql, version)}`
    : sql`INSERT INTO sentinels ${sql.insert({ ...row, version: String(version), workspaceId, projectId, environmentId, region, ...created })}`
}

const writeTopology = (
  sql: SqlClient,
  { at, deploymentId, region, workspaceId }: RegionRequest,
  exists: boolean,
  row: Topology
) => {
  const set = { ...row, version: String(row.version) }
  return exists
    ? sql`UPDATE deployment_topology SET ${sql.update({ ...set, updatedAt: at })}
          WHERE deployment_id = ${deploymentId} AND region = ${region} AND ${isOlder(sql, row.version)}`
    : sql`INSERT INTO deployment_topology ${sql.insert({ ...set, workspaceId, deploymentId, region, createdAt: at })}`
}

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
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { query, replanned } = storeMethods("RegionStore", primary)
    return RegionStore.of({
      maxVersion: query("maxVersion", (region: string) => readMaxVersion(sql, region)),
      transact: replanned("transact", (request: RegionRequest, decide: (snapshot: RegionSnapshot) => RegionPlan) =>
        Effect.gen(function* () {
          const snapshot = yield* readSnapshot(sql, request)
          const plan = decide(snapshot)
          yield* writePlan(sql, request, snapshot, plan)
          return plan
        })
      )
    })
  })
)
