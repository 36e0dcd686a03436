import { Duration, Schema } from "effect"
import { Contract } from "effect-restate"
import { deadline } from "./Deadline.ts"
import {
  DatabaseRefused,
  DeploymentFailed,
  GitSourceUnavailable,
  InstancesNotRunning,
  InvalidRequest,
  NotFound,
  RunGivenUp,
  StaleLiveDeployment,
  SwitchRefused
} from "./errors.ts"
import { id, list, message, optional } from "./protojson.ts"
import { int64, text } from "./scalars.ts"

/** `branch` was added in Unkey 2.0.85: without a commit, its newest commit is built. */
const GitSource = message("hydra.v1.GitSource", {
  installationId: int64,
  repository: text(500),
  commitSha: text(40),
  contextPath: text(500),
  dockerfilePath: text(500),
  branch: text(256)
})

/** `image` has the width of its column; the workflow refuses an empty one. */
const DockerImage = message("hydra.v1.DockerImage", { image: text(256) })

/** `keyAuthId` and `command` are accepted for compatibility and ignored: the row has the command. */
const DeployRequest = message(
  "hydra.v1.DeployRequest",
  {
    deploymentId: id(128),
    keyAuthId: optional(text()),
    git: optional(GitSource),
    dockerImage: optional(DockerImage),
    command: list(text(4096))
  },
  { oneofs: [["git", "dockerImage"]] }
)

/**
 * A deploy from git may queue for two hours and build until the build deadline, both three times, and then waits for
 * instances.
 */
const deployDeadline = deadline(({ builds }) =>
  Duration.sum(Duration.times(Duration.sum(Duration.hours(2), builds.deadline), 3), Duration.hours(1))
)

/**
 * Makes deployments live. The key is chosen by the caller (project or deployment id): every handler is shared, so a
 * rollback never waits for a deploy. RoutingService serialises what must not run concurrently.
 */
export const DeployService = Contract.object("hydra.v1.DeployService", {
  Deploy: {
    input: DeployRequest,
    output: message("hydra.v1.DeployResponse", {}),
    error: Schema.Union(InvalidRequest, GitSourceUnavailable, NotFound, DeploymentFailed, DatabaseRefused),
    mode: "shared",
    annotations: deployDeadline
  },
  Rollback: {
    input: message("hydra.v1.RollbackRequest", { sourceDeploymentId: id(128), targetDeploymentId: id(128) }),
    output: message("hydra.v1.RollbackResponse", {}),
    error: Schema.Union(NotFound, SwitchRefused, StaleLiveDeployment, InstancesNotRunning, DatabaseRefused),
    mode: "shared"
  },
  Promote: {
    input: message("hydra.v1.PromoteRequest", { targetDeploymentId: id(128) }),
    output: message("hydra.v1.PromoteResponse", {}),
    error: Schema.Union(NotFound, SwitchRefused, StaleLiveDeployment, InstancesNotRunning, DatabaseRefused),
    mode: "shared"
  },
  /**
   * Puts previews without requests in the last 6 hours on standby, and answers once they are. Fails and stops nothing
   * while ClickHouse is unavailable. Any key; runs are serialised by IdlePreviews.
   */
  ScaleDownIdlePreviewDeployments: {
    input: message("hydra.v1.ScaleDownIdlePreviewDeploymentsRequest", {}),
    output: message("hydra.v1.ScaleDownIdlePreviewDeploymentsResponse", {}),
    error: Schema.Union(DatabaseRefused, RunGivenUp),
    mode: "shared"
  }
})
