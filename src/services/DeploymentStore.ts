import { Context, type Effect, type Option, Schema } from "effect"
import type { DbFailure } from "./Db.ts"
import type {
  DeploymentContext,
  DeploymentPhase,
  DeploymentStatus,
  DesiredState,
  DesiredStateChange,
  RegionInstances
} from "./Deployment.ts"
import type { RowUnfit } from "./RowUnfit.ts"
import type { RegionConfig } from "./regionConfig.ts"

/** One move of a deployment to its next phase: what it leaves, what it enters and what it learned on the way. */
export interface PhaseChange {
  readonly deploymentId: string
  /** Unix milliseconds; the same value on a repeat, so that a repeat writes the same rows. */
  readonly at: number
  readonly close?: DeploymentPhase
  readonly open?: DeploymentPhase
  readonly status?: DeploymentStatus
  readonly image?: string
  /** At most 63 characters, valid as a Kubernetes label, and of no other deployment. */
  readonly buildId?: string
}

/** What `deployments` tells of the commit that is built, in the widths of its columns. */
export const GitCommit = Schema.Struct({
  /** 40 lower-case hexadecimal characters. */
  sha: Schema.String,
  branch: Schema.String,
  message: Schema.String,
  authorHandle: Schema.NullOr(Schema.String),
  authorAvatarUrl: Schema.NullOr(Schema.String),
  /** Unix milliseconds; null when it is not known. */
  timestamp: Schema.NullOr(Schema.Number)
})
export type GitCommit = typeof GitCommit.Type

export interface Reachability {
  /** A sentinel of the environment reports `healthy` in at least one region. */
  readonly hasHealthySentinel: boolean
  /** A deployment of the environment has a route, so that an earlier deploy was routed. */
  readonly hasRoutes: boolean
}

/**
 * Owns `deployments`, `deployment_steps` and `workspaces.k8s_namespace`, and reads their neighbours. Every read here
 * decides a write and goes to the primary. Every write is one transaction and safe to repeat with the same arguments.
 */
export class DeploymentStore extends Context.Tag("ctrl-worker/DeploymentStore")<
  DeploymentStore,
  {
    readonly find: (deploymentId: string) => Effect.Effect<Option.Option<DeploymentContext>, DbFailure>
    /** Stores `candidate` unless the workspace has a namespace already, and answers with the stored one. None: no such workspace. */
    readonly ensureNamespace: (
      workspaceId: string,
      candidate: string
    ) => Effect.Effect<Option.Option<string>, DbFailure>
    /**
     * Closes and opens steps and sets columns. A step that exists already stays as it is; a closed one is not closed again.
     * A deployment that is `ready` or `failed` has ended: nothing of it changes, whoever is still at work on it.
     */
    readonly changePhase: (change: PhaseChange) => Effect.Effect<void, DbFailure>
    /**
     * Writes the six `git_*` columns of a deployment that is `pending`, and answers with the commit that its row has then:
     * once it is being built, the commit stays. None: no such deployment.
     */
    readonly writeCommit: (change: {
      readonly deploymentId: string
      readonly commit: GitCommit
      readonly at: number
    }) => Effect.Effect<Option.Option<string>, DbFailure>
    /** The Depot project that the project's builds are cached in. None: there is none yet, or no such project. */
    readonly depotProject: (projectId: string) => Effect.Effect<Option.Option<string>, DbFailure>
    /** Keeps the first one that a project gets: of two builds that made one each, both go on with the same from then on. */
    readonly rememberDepotProject: (project: {
      readonly projectId: string
      readonly depotProjectId: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Marks the deployment failed and closes every open step with `message`. One that is `ready` or live stays so. */
    readonly fail: (failure: {
      readonly deploymentId: string
      readonly message: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * Region to replicas as configured for the environment; empty when nothing is configured. None: no settings row.
     * Fails with `RowUnfit` where the column holds other JSON than that.
     */
    readonly regionConfig: (environmentId: string) => Effect.Effect<Option.Option<RegionConfig>, DbFailure | RowUnfit>
    /** The deployment's topology with the instances krane has reported, ordered by region. */
    readonly instances: (deploymentId: string) => Effect.Effect<ReadonlyArray<RegionInstances>, DbFailure>
    /** Whether traffic can reach the environment: through a sentinel that is healthy now, and whether it ever had routes. */
    readonly reachability: (environmentId: string) => Effect.Effect<Reachability, DbFailure>
    /** Regions of the deployment's topology, ordered. */
    readonly regions: (deploymentId: string) => Effect.Effect<ReadonlyArray<string>, DbFailure>
    /**
     * Sets `desired_state` unless it would stop the project's live deployment, under a lock on the project's row, so
     * that it is serialised with every change of the live deployment. Running is always allowed.
     */
    readonly changeDesiredState: (change: {
      readonly deploymentId: string
      readonly desiredState: DesiredState
      readonly at: number
    }) => Effect.Effect<DesiredStateChange, DbFailure>
  }
>() {}
