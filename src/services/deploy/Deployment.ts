import { Schema } from "effect"

/** `deployments.status`. The Go worker never writes `building` or `network`; this worker does. */
export const DeploymentStatus = Schema.Literal("pending", "building", "deploying", "network", "ready", "failed")
export type DeploymentStatus = typeof DeploymentStatus.Type

/** `deployments.desired_state`, which krane reconciles. */
export const DesiredState = Schema.Literal("running", "standby", "archived")
export type DesiredState = typeof DesiredState.Type

/** `deployment_steps.step`, in order. */
export const DeploymentPhase = Schema.Literal("queued", "building", "deploying", "network")
export type DeploymentPhase = typeof DeploymentPhase.Type

/** Slug of the environment that serves a project's live deployment. */
export const productionEnvironment = "production"

/** Above any start timeout, and far below what would overflow a sum. */
const seconds = Schema.Int.pipe(Schema.between(0, 86_400))

/**
 * The part of `deployments.healthcheck` that determines how long Kubernetes lets a container start: `initialDelaySeconds`, then
 * `failureThreshold` probes every `intervalSeconds`.
 */
export const HealthCheck = Schema.Struct({
  initialDelaySeconds: seconds,
  intervalSeconds: seconds,
  failureThreshold: Schema.Int.pipe(Schema.between(0, 1000))
})
export type HealthCheck = typeof HealthCheck.Type

/** The columns of a deployment that workflows use. It omits settings, variables and billing ids. */
export const Deployment = Schema.Struct({
  id: Schema.String,
  k8sName: Schema.String,
  workspaceId: Schema.String,
  projectId: Schema.String,
  environmentId: Schema.String,
  port: Schema.Number,
  /** Thousandths of a core, per instance. */
  cpuMillicores: Schema.Number,
  /** Per instance. */
  memoryMib: Schema.Number,
  /** Null if absent, or if it does not determine a start timeout. */
  healthCheck: Schema.NullOr(HealthCheck),
  gitCommitSha: Schema.NullOr(Schema.String),
  gitBranch: Schema.NullOr(Schema.String),
  status: DeploymentStatus,
  desiredState: DesiredState,
  /** Unix milliseconds. */
  createdAt: Schema.Number
})
export type Deployment = typeof Deployment.Type

/** A deployment with its parents. A parent is null if its row is missing. */
export const DeploymentContext = Schema.Struct({
  deployment: Deployment,
  workspace: Schema.NullOr(Schema.Struct({ slug: Schema.String })),
  project: Schema.NullOr(
    Schema.Struct({
      slug: Schema.String,
      liveDeploymentId: Schema.NullOr(Schema.String),
      /** True from a rollback until a promotion: new deployments do not go live. */
      isRolledBack: Schema.Boolean
    })
  ),
  environment: Schema.NullOr(Schema.Struct({ slug: Schema.String }))
})
export type DeploymentContext = typeof DeploymentContext.Type

/** `instances.status` as krane reports it. */
export const InstanceStatus = Schema.Literal("inactive", "pending", "running", "failed")
export type InstanceStatus = typeof InstanceStatus.Type

/** Desired replicas and reported instances of one region. */
export const RegionInstances = Schema.Struct({
  region: Schema.String,
  desiredReplicas: Schema.Number,
  instances: Schema.Array(Schema.Struct({ k8sName: Schema.String, status: InstanceStatus }))
})
export type RegionInstances = typeof RegionInstances.Type

/** Result of a change of the desired state: the live deployment is not changed, a missing one is reported. */
export const DesiredStateChange = Schema.Literal("changed", "live", "missing")
export type DesiredStateChange = typeof DesiredStateChange.Type
