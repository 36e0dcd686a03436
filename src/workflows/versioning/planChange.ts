import { max } from "effect/BigInt"
import type {
  NetworkPolicyRow,
  RegionPlan,
  RegionSnapshot,
  SentinelRow,
  TopologyStatus
} from "../../services/deploy/RegionStore.ts"
import { type NetworkPolicy, samePolicy, withPolicyId } from "../deploy/networkPolicy.ts"

export interface WantedTopology {
  /** 0 keeps the stored number. */
  readonly replicas: number
  readonly desiredStatus: TopologyStatus
}

export interface RegionChange {
  readonly topology: WantedTopology | null
  readonly sentinel: SentinelRow | null
  readonly policies: ReadonlyArray<NetworkPolicy>
}

type Versioned<Row> = Row & { readonly version: bigint }

/**
 * The rows that differ from the desired ones, each with the next version of its region. Versions continue above the
 * tables and the region's counter, so that they increase even when one of the two was lost. Unchanged rows keep their
 * version, so that krane does not apply them again.
 */
export const planChange = (snapshot: RegionSnapshot, change: RegionChange, counter: bigint): RegionPlan => {
  let highestVersion = max(snapshot.maxVersion, counter)
  const versioned = <Row>(row: Row): Versioned<Row> => {
    highestVersion += 1n
    return { ...row, version: highestVersion }
  }
  const policies = change.policies.flatMap((wanted) => changedPolicy(snapshot.policies, wanted)).map(versioned)
  const sentinel = changedSentinel(snapshot.sentinel, change.sentinel)
  const versionedSentinel = sentinel === null ? null : versioned(sentinel)
  const topology = changedTopology(snapshot, change.topology)
  const versionedTopology = topology === null ? null : versioned(topology)
  return { policies, sentinel: versionedSentinel, topology: versionedTopology, highestVersion }
}

/** A policy keeps the id of its row, which is also in its label. */
const changedPolicy = (
  existing: ReadonlyArray<NetworkPolicyRow>,
  wanted: NetworkPolicy
): ReadonlyArray<NetworkPolicyRow> => {
  const row = existing.find(({ k8sName }) => k8sName === wanted.k8sName)
  const labelled = withPolicyId(wanted, row?.id ?? wanted.id)
  return row !== undefined && samePolicy(row.policy, labelled.policy) ? [] : [labelled]
}

/** An existing sentinel keeps its id, name, replicas and size; its image follows the configuration. */
const changedSentinel = (existing: SentinelRow | null, wanted: SentinelRow | null): SentinelRow | null => {
  if (wanted === null || existing === null) return wanted
  return existing.image === wanted.image ? null : { ...existing, image: wanted.image }
}

const isUp = (status: TopologyStatus): boolean => status === "starting" || status === "started"

/** `starting` and `started` mean the same to krane, and so do `stopping` and `stopped`. */
const changedTopology = ({ topology }: RegionSnapshot, wanted: WantedTopology | null) => {
  if (wanted === null) return null
  const desiredReplicas = wanted.replicas > 0 ? wanted.replicas : topology?.desiredReplicas
  if (desiredReplicas === undefined) return null
  const same =
    topology !== null &&
    topology.desiredReplicas === desiredReplicas &&
    isUp(topology.desiredStatus) === isUp(wanted.desiredStatus)
  return same ? null : { desiredReplicas, desiredStatus: wanted.desiredStatus }
}
