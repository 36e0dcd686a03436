import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "./Db.ts"

/** `deployment_topology.desired_status` as krane reads it: `starting` and `started` apply, the others delete. */
export const TopologyStatus = Schema.Literal("starting", "started", "stopping", "stopped")
export type TopologyStatus = typeof TopologyStatus.Type

export interface Topology {
  readonly desiredReplicas: number
  readonly desiredStatus: TopologyStatus
  readonly version: bigint
}

export interface NetworkPolicyRow {
  readonly id: string
  readonly k8sName: string
  readonly k8sNamespace: string
  /** Parsed JSON. Servers rewrite stored JSON, so compare values, never text. */
  readonly policy: unknown
}

export interface SentinelRow {
  readonly id: string
  readonly k8sName: string
  readonly k8sAddress: string
  readonly image: string
  readonly desiredReplicas: number
  readonly cpuMillicores: number
  readonly memoryMib: number
}

/** What one region holds for a deployment, read under locks. */
export interface RegionSnapshot {
  /** Highest version in `deployment_topology`, `sentinels` and `cilium_network_policies` of the region; 0 when empty. */
  readonly maxVersion: bigint
  readonly topology: Topology | null
  readonly sentinel: SentinelRow | null
  readonly policies: ReadonlyArray<NetworkPolicyRow>
}

/** The rows to write, each with its own version. A row that exists under its unique key is updated, else inserted. */
export interface RegionPlan {
  readonly policies: ReadonlyArray<NetworkPolicyRow & { readonly version: bigint }>
  readonly sentinel: (SentinelRow & { readonly version: bigint }) | null
  readonly topology: Topology | null
  /** Highest version known after the plan: what the region's counter must not fall below. */
  readonly highestVersion: bigint
}

export interface RegionRequest {
  readonly region: string
  readonly workspaceId: string
  readonly projectId: string
  readonly environmentId: string
  readonly deploymentId: string
  /** Unix milliseconds, the same on a repeat. */
  readonly at: number
}

/**
 * The only writer of versioned rows. krane asks for `version > cursor`, so a row must never be committed below a
 * version that is already visible: callers hold the region's key.
 */
export class RegionStore extends Context.Tag("ctrl-worker/RegionStore")<
  RegionStore,
  {
    readonly maxVersion: (region: string) => Effect.Effect<bigint, DbFailure>
    /** Reads the snapshot, lets `decide` plan, writes policies before sentinel before topology, in one transaction. `decide` must be pure. */
    readonly transact: (
      request: RegionRequest,
      decide: (snapshot: RegionSnapshot) => RegionPlan
    ) => Effect.Effect<RegionPlan, DbFailure>
  }
>() {}
