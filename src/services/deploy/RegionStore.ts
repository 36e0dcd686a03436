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
  /**
   * Highest version that was used in the region: stored in `deployment_topology`, `sentinels` or `cilium_network_policies`, or
   * handed out; 0 if none.
   */
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
  /** Highest version after the plan. */
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
 * already visible: every transaction locks its region first, and so commits in the order of its versions.
 */
export class RegionStore extends Context.Tag("ctrl-worker/RegionStore")<
  RegionStore,
  {
    /** The highest version that was used in the region. */
    readonly maxVersion: (region: string) => Effect.Effect<bigint, DbFailure>
    /**
     * Hands out `candidate`, or a higher version if that was used meanwhile. A repetition returns what the first run handed out,
     * as long as callers of a region follow each other, each with a candidate above all before.
     */
    readonly allocate: (region: string, candidate: bigint) => Effect.Effect<bigint, DbFailure>
    /**
     * Reads the snapshot, lets `decide` plan, and writes policies before the sentinel before the topology, in one transaction.
     * `decide` must be pure.
     */
    readonly transact: (
      request: RegionRequest,
      decide: (snapshot: RegionSnapshot) => RegionPlan
    ) => Effect.Effect<RegionPlan, DbFailure>
    /**
     * Whether this process has written a version above the region's counter in Restate, in the last minutes. A worker that this
     * one replaced may have raised only the counter.
     */
    readonly isCounterKnown: (region: string) => Effect.Effect<boolean>
    readonly rememberCounter: (region: string) => Effect.Effect<void>
  }
>() {}
