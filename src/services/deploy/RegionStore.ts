import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "../Db.ts"

/** `deployment_topology.desired_status` as krane interprets it: `starting` and `started` apply, the others delete. */
export const TopologyStatus = Schema.Literal("starting", "started", "stopping", "stopped")
export type TopologyStatus = typeof TopologyStatus.Type

export const Topology = Schema.Struct({
  desiredReplicas: Schema.Number,
  desiredStatus: TopologyStatus,
  version: Schema.BigIntFromSelf
})
export type Topology = typeof Topology.Type

export const NetworkPolicyRow = Schema.Struct({
  id: Schema.String,
  k8sName: Schema.String,
  k8sNamespace: Schema.String,
  /** Parsed JSON. Servers normalize stored JSON, so compare values, not text. */
  policy: Schema.Unknown
})
export type NetworkPolicyRow = typeof NetworkPolicyRow.Type

export const SentinelRow = Schema.Struct({
  id: Schema.String,
  k8sName: Schema.String,
  k8sAddress: Schema.String,
  image: Schema.String,
  desiredReplicas: Schema.Number,
  cpuMillicores: Schema.Number,
  memoryMib: Schema.Number
})
export type SentinelRow = typeof SentinelRow.Type

/** The rows of one region for a deployment, read under locks. */
export interface RegionSnapshot {
  /** Highest version of the region in `deployment_topology`, `sentinels` and `cilium_network_policies`; 0 if empty. */
  readonly maxVersion: bigint
  readonly topology: Topology | null
  readonly sentinel: SentinelRow | null
  readonly policies: ReadonlyArray<NetworkPolicyRow>
}

/** The rows to write, each with its own version. An existing row with the same unique key is updated, otherwise inserted. */
export interface RegionPlan {
  readonly policies: ReadonlyArray<NetworkPolicyRow & { readonly version: bigint }>
  readonly sentinel: (SentinelRow & { readonly version: bigint }) | null
  readonly topology: Topology | null
  /** Highest version after the plan: a lower bound of the region's counter. */
  readonly highestVersion: bigint
}

export interface RegionRequest {
  readonly region: string
  readonly workspaceId: string
  readonly projectId: string
  readonly environmentId: string
  readonly deploymentId: string
  /** Unix milliseconds; the same on a repeat. */
  readonly at: number
}

/**
 * The only writer of versioned rows. krane polls for `version > cursor`, so a commit must never add a version below one that is
 * already visible: callers hold the region's key.
 */
export class RegionStore extends Context.Tag("ctrl-worker/RegionStore")<
  RegionStore,
  {
    readonly maxVersion: (region: string) => Effect.Effect<bigint, DbFailure>
    /**
     * Reads the snapshot, lets `decide` plan, and writes policies before the sentinel before the topology, in one transaction.
     * `decide` must be pure.
     */
    readonly transact: (
      request: RegionRequest,
      decide: (snapshot: RegionSnapshot) => RegionPlan
    ) => Effect.Effect<RegionPlan, DbFailure>
  }
>() {}
