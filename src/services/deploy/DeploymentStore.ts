import { Context, type Effect, type Option, Schema } from "effect"
import type { DbFailure } from "../Db.ts"
import type { InvalidRow } from "../InvalidRow.ts"
import type {
  DeploymentContext,
  DeploymentPhase,
  DeploymentStatus,
  DesiredState,
  DesiredStateChange,
  RegionInstances
} from "./Deployment.ts"
import type { RegionConfig } from "./regionConfig.ts"

/** A transition of a deployment to another phase: the step to close, the steps to open, and the columns to set. */
export interface PhaseChange {
  readonly deploymentId: string
  /** Unix milliseconds; the same on a repeat, so that a repeat writes the same rows. */
  readonly at: number
  readonly close?: DeploymentPhase
  /** A phase that begins and ends at `at`: nothing happens in it. */
  readonly pass?: DeploymentPhase
  readonly open?: DeploymentPhase
  readonly status?: DeploymentStatus
  readonly image?: string
  /** At most 63 characters, valid as a Kubernetes label, and unique per deployment. */
  readonly buildId?: string
}

/** The commit columns of `deployments`, in their widths. */
export const GitCommit = Schema.Struct({
  /** 40 lower-case hexadecimal characters. */
  sha: Schema.String,
  branch: Schema.String,
  message: Schema.String,
  authorHandle: Schema.NullOr(Schema.String),
  authorAvatarUrl: Schema.NullOr(Schema.String),
  /** Unix milliseconds; null if unknown. */
  timestamp: Schema.NullOr(Schema.Number)
})
export type GitCommit = typeof GitCommit.Type

export const Reachability = Schema.Struct({
  /** At least one sentinel of the environment reports `healthy`. */
  hasHealthySentinel: Schema.Boolean,
  /** A deployment of the environment has a route, so an earlier deploy was routed. */
  hasRoutes: Schema.Boolean
})
export type Reachability = typeof Reachability.Type

/**
 * Owns `deployments`, `deployment_steps` and `workspaces.k8s_namespace`, and reads related tables. Every read here decides a
 * write and goes to the primary. Every write is one transaction or one statement, and safe to repeat with the same arguments.
 */
export class DeploymentStore extends Context.Tag("ctrl-worker/DeploymentStore")<
  DeploymentStore,
  {
    readonly find: (deploymentId: string) => Effect.Effect<Option.Option<DeploymentContext>, DbFailure>
    /**
     * Stores `candidate` unless the workspace has a namespace, and returns the stored one. None if the workspace does not
     * exist.
     */
    readonly ensureNamespace: (
      workspaceId: string,
      candidate: string
    ) => Effect.Effect<Option.Option<string>, DbFailure>
    /**
     * Closes and opens steps and sets columns. An existing step is not changed, and a closed one is not closed again. A
     * deployment that is `ready` or `failed` is final: nothing of it changes.
     */
    readonly changePhase: (change: PhaseChange) => Effect.Effect<void, DbFailure>
    /**
     * Writes the six `git_*` columns while the deployment is `pending`, and returns the commit stored afterwards. The commit of
     * a later status does not change. None if the deployment does not exist.
     */
    readonly writeCommit: (change: {
      readonly deploymentId: string
      readonly commit: GitCommit
      readonly at: number
    }) => Effect.Effect<Option.Option<string>, DbFailure>
    /** The Depot project that caches the project's builds. None if there is none yet, or the project does not exist. */
    readonly depotProject: (projectId: string) => Effect.Effect<Option.Option<string>, DbFailure>
    /**
     * Stores the project's first Depot project. Of two concurrent builds that created one each, both use the stored one from
     * then on.
     */
    readonly rememberDepotProject: (project: {
      readonly projectId: string
      readonly depotProjectId: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /** Marks the deployment failed and closes every open step with `message`. A `ready` or live deployment is not changed. */
    readonly fail: (failure: {
      readonly deploymentId: string
      readonly message: string
      readonly at: number
    }) => Effect.Effect<void, DbFailure>
    /**
     * Replicas by region as configured for the environment; empty if nothing is configured. None if there is no settings row.
     * Fails with `InvalidRow` if the column holds JSON of another shape.
     */
    readonly regionConfig: (environmentId: string) => Effect.Effect<Option.Option<RegionConfig>, DbFailure | InvalidRow>
    /** The deployment's topology with the instances that krane reported, ordered by region. */
    readonly instances: (deploymentId: string) => Effect.Effect<ReadonlyArray<RegionInstances>, DbFailure>
    /** Whether a healthy sentinel serves the environment, and whether it ever had routes. */
    readonly reachability: (environmentId: string) => Effect.Effect<Reachability, DbFailure>
    /** Regions of the deployment's topology, ordered. */
    readonly regions: (deploymentId: string) => Effect.Effect<ReadonlyArray<string>, DbFailure>
    /**
     * Sets `desired_state` unless that would stop the project's live deployment. Locks the project's row, which serializes it
     * with changes of the live deployment. `running` is always allowed.
     */
    readonly changeDesiredState: (change: {
      readonly deploymentId: string
      readonly desiredState: DesiredState
      readonly at: number
    }) => Effect.Effect<DesiredStateChange, DbFailure>
  }
>() {}
