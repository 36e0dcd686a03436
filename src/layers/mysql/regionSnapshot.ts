import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import {
  NetworkPolicyRow,
  type RegionRequest,
  type RegionSnapshot,
  SentinelRow,
  Topology
} from "../../services/deploy/RegionStore.ts"
import { decodeRows, Json } from "./rows.ts"

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

/** The highest version of each versioned table. */
export const newestVersions = (sql: SqlClient, region: string) => sql`
  SELECT MAX(version) AS version FROM cilium_network_policies WHERE region = ${region}
  UNION ALL SELECT MAX(version) FROM sentinels WHERE region = ${region}
  UNION ALL SELECT MAX(version) FROM deployment_topology WHERE region = ${region}`

/**
 * Reads what the lock protects, in a statement of its own: the lock may have waited for rows of another writer. One row for each
 * policy, and at least one.
 */
export const readSnapshot = (sql: SqlClient, { deploymentId, environmentId, region }: RegionRequest) =>
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
