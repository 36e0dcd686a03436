import { Effect, Ref } from "effect"
import {
  type RegionPlan,
  type RegionRequest,
  type RegionSnapshot,
  RegionStore
} from "../../../src/services/deploy/RegionStore.ts"
import { type Draft, MemoryTables, transaction, updateWhere } from "./MemoryTables.ts"
import type { Rows } from "./Tables.ts"

const maxVersion = (rows: Rows, region: string) =>
  [...rows.cilium_network_policies, ...rows.sentinels, ...rows.deployment_topology]
    .filter((row) => row.region === region)
    .reduce((highest, row) => Math.max(highest, row.version), 0)

const takeSnapshot = (rows: Rows, request: RegionRequest): RegionSnapshot => {
  const inRegion = (row: { readonly region: string }) => row.region === request.region
  const topology = rows.deployment_topology.find((row) => inRegion(row) && row.deployment_id === request.deploymentId)
  const sentinel = rows.sentinels.find((row) => inRegion(row) && row.environment_id === request.environmentId)
  return {
    maxVersion: BigInt(maxVersion(rows, request.region)),
    topology:
      topology === undefined
        ? null
        : {
            desiredReplicas: topology.desired_replicas,
            desiredStatus: topology.desired_status,
            version: BigInt(topology.version)
          },
    sentinel:
      sentinel === undefined
        ? null
        : {
            id: sentinel.id,
            k8sName: sentinel.k8s_name,
            k8sAddress: sentinel.k8s_address,
            image: sentinel.image,
            desiredReplicas: sentinel.desired_replicas,
            cpuMillicores: sentinel.cpu_millicores,
            memoryMib: sentinel.memory_mib
          },
    policies: rows.cilium_network_policies
      .filter((row) => inRegion(row) && row.deployment_id === request.deploymentId)
      .map((row) => ({ id: row.id, k8sName: row.k8s_name, k8sNamespace: row.k8s_namespace, policy: row.policy }))
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
  const { at, region } = request
  const owner = {
    workspace_id: request.workspaceId,
    project_id: request.projectId,
    environment_id: request.environmentId
  }
  const created = { created_at: at, updated_at: null }
  for (const row of plan.policies) {
    const set = { policy: row.policy, k8s_namespace: row.k8sNamespace, version: Number(row.version) }
    put(
      draft.cilium_network_policies,
      (other) =>
        other.deployment_id === request.deploymentId && other.region === region && other.k8s_name === row.k8sName,
      { ...set, updated_at: at },
      { ...owner, ...created, ...set, id: row.id, deployment_id: request.deploymentId, k8s_name: row.k8sName, region }
    )
  }
  if (plan.sentinel !== null) {
    const { id, k8sName, k8sAddress, image, desiredReplicas, cpuMillicores, memoryMib, version } = plan.sentinel
    const set = { image, version: Number(version) }
    put(
      draft.sentinels,
      (other) => other.environment_id === request.environmentId && other.region === region,
      { ...set, updated_at: at },
      {
        ...owner,
        ...created,
        ...set,
        id,
        k8s_name: k8sName,
        k8s_address: k8sAddress,
        region,
        desired_replicas: desiredReplicas,
        cpu_millicores: cpuMillicores,
        memory_mib: memoryMib,
        health: "unknown",
        available_replicas: 0
      }
    )
  }
  if (plan.topology !== null) {
    const { desiredReplicas, desiredStatus, version } = plan.topology
    const set = { desired_replicas: desiredReplicas, desired_status: desiredStatus, version: Number(version) }
    put(
      draft.deployment_topology,
      (other) => other.deployment_id === request.deploymentId && other.region === region,
      { ...set, updated_at: at },
      { ...created, ...set, workspace_id: request.workspaceId, deployment_id: request.deploymentId, region }
    )
  }
}

export const makeRegionStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  return RegionStore.of({
    maxVersion: (region) => Effect.map(Ref.get(tables), (rows) => BigInt(maxVersion(rows, region))),
    transact: (request, decide) =>
      change("RegionStore.transact", (draft) => {
        const plan = decide(takeSnapshot(draft, request))
        applyPlan(draft, request, plan)
        return plan
      })
  })
})
