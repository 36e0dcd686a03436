import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Layer, Schema } from "effect"
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

/** The columns of three outer joins: those of a table are all null if it has no row. */
const SnapshotRow = Schema.Struct({
  maxVersion: Schema.NullOr(Schema.BigIntFromSelf),
  policyId: Schema.NullOr(NetworkPolicyRow.fields.id),
  policyName: Schema.NullOr(NetworkPolicyRow.fields.k8sName),
  k8sNamespace: Schema.NullOr(NetworkPolicyRow.fields.k8sNamespace),
  policy: Schema.NullOr(Json(Schema.Record({ key: Schema.String, value: Schema.Unknown }))),
  sentinelId: Schema.NullOr(SentinelRow.fields.id),
  sentinelName: Schema.NullOr(SentinelRow.fields.k8sName),
  k8sAddress: Schema.NullOr(SentinelRow.fields.k8sAddress),
  image: Schema.NullOr(SentinelRow.fields.image),
  sentinelReplicas: Schema.NullOr(SentinelRow.fields.desiredReplicas),
  cpuMillicores: Schema.NullOr(SentinelRow.fields.cpuMillicores),
  memoryMib: Schema.NullOr(SentinelRow.fields.memoryMib),
  topologyReplicas: Schema.NullOr(Topology.fields.desiredReplicas),
  desiredStatus: Schema.NullOr(Topology.fields.desiredStatus),
  topologyVersion: Schema.NullOr(Topology.fields.version)
})
type SnapshotRow = typeof SnapshotRow.Type
const snapshotRows = decodeRows(SnapshotRow)

/** The fields, or null if one of them is: then there is no row. */
const present = <F extends Record<string, unknown>>(fields: F) => {
  const isComplete = (all: F): all is { [K in keyof F]: NonNullable<F[K]> } & F =>
    Object.values(all).every((value) => value !== null)
  return isComplete(fields) ? fields : null
}

const policyOf = ({ k8sNamespace, policy, policyId, policyName }: SnapshotRow): ReadonlyArray<NetworkPolicyRow> => {
  const row = present({ id: policyId, k8sName: policyName, k8sNamespace, policy })
  return row === null ? [] : [row]
}

const sentinelOf = (row: SnapshotRow): SentinelRow | null => {
  const { cpuMillicores, image, k8sAddress, memoryMib, sentinelId, sentinelName, sentinelReplicas } = row
  const names = { id: sentinelId, k8sName: sentinelName, k8sAddress, image }
  return present({ ...names, desiredReplicas: sentinelReplicas, cpuMillicores, memoryMib })
}

const topologyOf = ({ desiredStatus, topologyReplicas, topologyVersion }: SnapshotRow): Topology | null =>
  present({ desiredReplicas: topologyReplicas, desiredStatus, version: topologyVersion })

const newestVersions = (sql: SqlClient, region: string) => sql`
  SELECT MAX(version) AS version FROM cilium_network_policies WHERE region = ${region}
  UNION ALL SELECT MAX(version) FROM sentinels WHERE region = ${region}
  UNION ALL SELECT MAX(version) FROM deployment_topology WHERE region = ${region}`

const readMaxVersion = (sql: SqlClient, region: string) =>
  Effect.map(
    newest(sql`SELECT MAX(newest.version) AS version FROM (${newestVersions(sql, region)}) AS newest`),
    (row) => row?.version ?? 0n
  )

/**
 * Serializes writers of the region. Callers hold the region's key, but an attempt that lost its key may still be committing.
 * Locks the newest row of each table, which is also where a version would collide.
 */
const lockRegion = (sql: SqlClient, region: string) => sql`
  (SELECT version FROM cilium_network_policies WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE)
  UNION ALL (SELECT version FROM sentinels WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE)
  UNION ALL (SELECT version FROM deployment_topology WHERE region = ${region} ORDER BY version DESC LIMIT 1 FOR UPDATE)`

/**
 * Reads what the lock protects, in a statement of its own: the lock may have waited for rows of another writer. One row for each
 * policy, and at least one.
 */
const readSnapshot = (sql: SqlClient, { deploymentId, environmentId, region }: RegionRequest) =>
  Effect.map(
    snapshotRows(sql`
      SELECT newest.version AS max_version,
             p.id AS policy_id, p.k8s_name AS policy_name, p.k8s_namespace, p.policy,
             s.id AS sentinel_id, s.k8s_name AS sentinel_name, s.k8s_address, s.image,
             s.desired_replicas AS sentinel_replicas, s.cpu_millicores, s.memory_mib,
             t.desired_replicas AS topology_replicas, t.desired_status, t.version AS topology_version
      FROM (SELECT MAX(version) AS version FROM (${newestVersions(sql, region)}) AS tables) AS newest
      LEFT JOIN cilium_network_policies p ON p.deployment_id = ${deploymentId} AND p.region = ${region}
      LEFT JOIN sentinels s ON s.environment_id = ${environmentId} AND s.region = ${region}
      LEFT JOIN deployment_topology t ON t.deployment_id = ${deploymentId} AND t.region = ${region}
      ORDER BY p.k8s_name`),
    (rows): RegionSnapshot => ({
      maxVersion: rows[0]?.maxVersion ?? 0n,
      policies: rows.flatMap((row) => policyOf(row)),
      sentinel: rows[0] === undefined ? null : sentinelOf(rows[0]),
      topology: rows[0] === undefined ? null : topologyOf(rows[0])
    })
  )

// Rows in the snapshot are updated, others inserted. An upsert would not work: it would also absorb a collision on an id or on
// (region, version) and change another row. Updates never lower a version.

const isOlder = (sql: SqlClient, version: bigint) => sql`version < CAST(${String(version)} AS UNSIGNED)`

type PolicyToWrite = RegionPlan["policies"][number]

const policyColumns = ({ k8sNamespace, policy, version }: PolicyToWrite) => ({
  policy: JSON.stringify(policy),
  k8sNamespace,
  version: String(version)
})

const updatePolicy = (sql: SqlClient, { at, deploymentId, region }: RegionRequest, row: PolicyToWrite) => sql`
  UPDATE cilium_network_policies SET ${sql.update({ ...policyColumns(row), updatedAt: at })}
  WHERE deployment_id = ${deploymentId} AND region = ${region} AND k8s_name = ${row.k8sName}
    AND ${isOlder(sql, row.version)}`

const insertPolicies = (sql: SqlClient, { at, ...owner }: RegionRequest, rows: ReadonlyArray<PolicyToWrite>) =>
  sql`INSERT INTO cilium_network_policies ${sql.insert(
    rows.map((row) => ({ id: row.id, ...owner, k8sName: row.k8sName, ...policyColumns(row), createdAt: at }))
  )}`

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
  const [missing, existing] = Arr.partition(plan.policies, (policy) =>
    snapshot.policies.some((row) => row.k8sName === policy.k8sName)
  )
  for (const policy of existing) yield* updatePolicy(sql, request, policy)
  if (missing.length > 0) yield* insertPolicies(sql, request, missing)
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
          yield* lockRegion(sql, request.region)
          const snapshot = yield* readSnapshot(sql, request)
          const plan = decide(snapshot)
          yield* writePlan(sql, request, snapshot, plan)
          return plan
        })
      )
    })
  })
)
