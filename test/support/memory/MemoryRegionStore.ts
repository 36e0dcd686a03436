import { Effect, Ref } from "effect"
import { decodeRow } from "../../../src/layers/mysql/rows.ts"
import { makeKnownCounters } from "../../../src/services/deploy/knownCounters.ts"
import {
  NetworkPolicyRow,
  type RegionPlan,
  type RegionRequest,
  type RegionSnapshot,
  RegionStore,
  SentinelRow,
  Topology
} from "../../../src/services/deploy/RegionStore.ts"
import { columnsOf, type Draft, MemoryTables, rowAs, transaction, updateWhere } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const maxVersion = (rows: Rows, region: string) =>
  [...rows.cilium_network_policies, ...rows.sentinels, ...rows.deployment_topology, ...rows.ctrl_worker_regions]
    .filter((row) => row.region === region)
    .reduce((highest, row) => Math.max(highest, row.version), 0)

const topologyOf = rowAs(Topology)
const sentinelOf = rowAs(SentinelRow)
const policyOf = decodeRow(NetworkPolicyRow)

const takeSnapshot = (rows: Rows, request: RegionRequest): RegionSnapshot => {
  const inRegion = (row: { readonly region: string }) => row.region === request.region
  return {
    maxVersion: BigInt(maxVersion(rows, request.region)),
    topology: topologyOf(
      rows.deployment_topology.find((row) => inRegion(row) && row.deployment_id === request.deploymentId)
    ),
    sentinel: sentinelOf(rows.sentinels.find((row) => inRegion(row) && row.environment_id === request.environmentId)),
    policies: rows.cilium_network_policies
      .filter((row) => inRegion(row) && row.deployment_id === request.deploymentId)
      .map(policyOf)
      .sort((one, other) => (one.k8sName < other.k8sName ? -1 : 1))
  }
}

/** Updates the row with the unique key unless it has this version or a newer one; inserts it if missing. */
const put = <Row extends { readonly version: number }>(
  rows: Array<Row>,
  isSame: (row: Row) => boolean,
  set: Partial<Row> & { readonly version: number },
  created: Row
) => {
  if (!rows.some(isSame)) return rows.push(created)
  return updateWhere(rows, (row) => isSame(row) && row.version < set.version, set)
}

const applyPlan = (draft: Draft, request: RegionRequest, plan: RegionPlan) => {
  const { at, deploymentId, environmentId, projectId, region, workspaceId } = request
  const owner = columnsOf({ workspaceId, projectId, environmentId, region, createdAt: at })
  const created = { ...owner, updated_at: null }
  for (const { id, k8sName, version, ...row } of plan.policies) {
    const set = { ...columnsOf(row), version: Number(version) }
    put(
      draft.cilium_network_policies,
      (other) => other.deployment_id === deploymentId && other.region === region && other.k8s_name === k8sName,
      { ...set, updated_at: at },
      { ...created, ...set, id, deployment_id: deploymentId, k8s_name: k8sName }
    )
  }
  if (plan.sentinel !== null) {
    const { version, ...row } = plan.sentinel
    const set = { image: row.image, version: Number(version) }
    put(
      draft.sentinels,
      (other) => other.environment_id === environmentId && other.region === region,
      { ...set, updated_at: at },
      { ...created, ...columnsOf(row), ...set, health: "unknown", available_replicas: 0 }
    )
  }
  if (plan.topology !== null) {
    const { version, ...row } = plan.topology
    const set = { ...columnsOf(row), version: Number(version) }
    const { created_at, updated_at, workspace_id } = created
    put(
      draft.deployment_topology,
      (other) => other.deployment_id === deploymentId && other.region === region,
      { ...set, updated_at: at },
      { created_at, updated_at, workspace_id, ...set, deployment_id: deploymentId, region }
    )
  }
}

const raise = (draft: Draft, region: string, set: Partial<Rows["ctrl_worker_regions"][number]>) => {
  if (!draft.ctrl_worker_regions.some((row) => row.region === region))
    draft.ctrl_worker_regions.push({ region, version: 0, allocated: 0 })
  updateWhere(draft.ctrl_worker_regions, (row) => row.region === region, set)
}

const allocate = (draft: Draft, region: string, candidate: bigint) => {
  const allocated = draft.ctrl_worker_regions.find((row) => row.region === region)?.allocated ?? 0
  if (allocated >= candidate) return BigInt(allocated)
  const version = Math.max(Number(candidate), maxVersion(draft, region) + 1)
  raise(draft, region, { version, allocated: version })
  return BigInt(version)
}

export const makeRegionStore = Effect.gen(function* () {
  const tables = yield* MemoryTables
  const change = transaction(tables)
  return RegionStore.of({
    ...(yield* makeKnownCounters),
    maxVersion: (region) => Effect.map(Ref.get(tables), (rows) => BigInt(maxVersion(rows, region))),
    allocate: (region, candidate) => change("RegionStore.allocate", (draft) => allocate(draft, region, candidate)),
    transact: (request, decide) =>
      change("RegionStore.transact", (draft) => {
        const plan = decide(takeSnapshot(draft, request))
        applyPlan(draft, request, plan)
        const used = draft.ctrl_worker_regions.find((row) => row.region === request.region)?.version ?? 0
        raise(draft, request.region, { version: Math.max(used, Number(plan.highestVersion)) })
        return plan
      })
  })
})
