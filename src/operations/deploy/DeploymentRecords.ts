import { Context, type Effect, type Option, Schema } from "effect"
import { Instant } from "../Instant.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"

const Text = Schema.NullOr(Schema.String)

/**
 * A deployment as operators see it, without settings, variables and secrets. A slug is null if its row is missing. Texts that
 * tenants choose are not escaped.
 */
export const DeploymentRecord = Schema.Struct({
  id: Schema.String,
  workspaceId: Schema.String,
  workspaceSlug: Text,
  projectId: Schema.String,
  projectSlug: Text,
  environmentId: Schema.String,
  environmentSlug: Text,
  /** Whether it is the live deployment of its project. */
  isLive: Schema.Boolean,
  status: Schema.String,
  desiredState: Schema.String,
  image: Text,
  buildId: Text,
  gitCommitSha: Text,
  gitBranch: Text,
  /** The first 200 characters. */
  gitCommitMessage: Text,
  gitCommitAuthorHandle: Text,
  createdAt: Instant,
  updatedAt: Schema.NullOr(Instant)
})
export type DeploymentRecord = typeof DeploymentRecord.Type

/** A row of `deployment_steps`. */
export const DeploymentPhaseRecord = Schema.Struct({
  step: Schema.String,
  startedAt: Instant,
  endedAt: Schema.NullOr(Instant),
  /** Why the deployment failed in this phase. */
  error: Text
})
export type DeploymentPhaseRecord = typeof DeploymentPhaseRecord.Type

/** Instances of one region of the topology, as krane reports them. */
export const RegionCounts = Schema.Struct({
  region: Schema.String,
  desiredReplicas: Schema.Number,
  running: Schema.Number,
  failed: Schema.Number
})
export type RegionCounts = typeof RegionCounts.Type

export interface DeploymentDetails {
  readonly deployment: DeploymentRecord
  /** In the order of their start. */
  readonly phases: ReadonlyArray<DeploymentPhaseRecord>
  /** By name, at most 100. */
  readonly regions: ReadonlyArray<RegionCounts>
}

/** Deployments for operators. Read only, found by indexes. */
export class DeploymentRecords extends Context.Tag("ctrl-worker/DeploymentRecords")<
  DeploymentRecords,
  {
    readonly find: (deploymentId: string) => Effect.Effect<Option.Option<DeploymentDetails>, SourceUnavailable>
  }
>() {}
