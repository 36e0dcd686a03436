import { Schema } from "effect"

/** `deployments.status`. `building` and `network` are written by us although the Go worker never did. */
export const DeploymentStatus = Schema.Literal("pending", "building", "deploying", "network", "ready", "failed")
export type DeploymentStatus = typeof DeploymentStatus.Type

/** `deployments.desired_state`: what krane's resync makes true. */
export const DesiredState = Schema.Literal("running", "standby", "archived")
export type DesiredState = typeof DesiredState.Type

/** `deployment_steps.step`, in the order in which a deployment passes them. */
export const DeploymentPhase = Schema.Literal("queued", "building", "deploying", "network")
export type DeploymentPhase = typeof DeploymentPhase.Type

/** Slug of the environment that serves the live deployment of a project. */
export const productionEnvironment = "production"

/** Longer than any start is waited for, and far below what would overflow a sum. */
const seconds = Schema.Int.pipe(Schema.between(0, 86_400))

/**
 * The part of `deployments.healthcheck` that says how long Kubernetes lets a container start: `initialDelaySeconds`, then
 * `failureThreshold` probes, one every `intervalSeconds`.
 */
export const HealthCheck = Schema.Struct({
  initialDelaySeconds: seconds,
  intervalSeconds: seconds,
  failureThreshold: Schema.Int.pipe(Schema.between(0, 1000))
})
export type HealthCheck = typeof HealthCheck.Type

/** What workflows need of a deployment and its parents. Never the whole row: no settings blob, no variables, no billing ids. */
export const Deployment = Schema.Struct({
  id: Schema.String,
  k8sName: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  port: Schema.Number,
  /** Thousandths of a core, for each instance. */
  cpuMillicores: Schema.Number,
  /** For each instance. */
  memoryMib: Schema.Number,
  /** Null where there is none, or none that says how long a start may take. */
  healthCheck: Schema.NullOr(HealthCheck),
  gitCommitSha: Schema.NullOr(Schema.String),
  gitBranch: Schema.NullOr(Schema.String),
  status: DeploymentStatus,
  desiredState: DesiredState,
  /** Unix milliseconds. */
  createdAt: Schema.Number
})
export type Deployment = typeof Deployment.Type

/** A deployment with the parents that name it. A parent is null when its row is missing. */
export const DeploymentContext = Schema.Struct({
  deployment: Deployment,
  workspace: Schema.NullOr(Schema.Struct({ slug: Schema.String })),
  project: Schema.NullOr(
    Schema.Struct({
      slug: Schema.String,
      liveDeploymentId: Schema.NullOr(Schema.String),
      /** Since a rollback, and until a promotion: new deployments do not go live. */
      isRolledBack: Schema.Boolean
    })
  ),
  environment: Schema.NullOr(Schema.Struct({ slug: Schema.String }))
})
export type DeploymentContext = typeof DeploymentContext.Type

/** `instances.status` as krane reports it. */
export const InstanceStatus = Schema.Literal("inactive", "pending", "running", "failed")
export type InstanceStatus = typeof InstanceStatus.Type

/** What runs in one region against what was asked for. */
export const RegionInstances = Schema.Struct({
  region: Schema.String,
  desiredReplicas: Schema.Number,
  instances: Schema.Array(Schema.Struct({ k8sName: Schema.String, status: InstanceStatus }))
})
export type RegionInstances = typeof RegionInstances.Type

/** Outcome of a change of desired state: the live deployment is never touched, a missing one is reported. */
export const DesiredStateChange = Schema.Literal("changed", "live", "missing")
export type DesiredStateChange = typeof DesiredStateChange.Type
