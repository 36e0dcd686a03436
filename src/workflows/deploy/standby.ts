import { Duration, Effect } from "effect"
import { call, send } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"

/** How long a former live deployment keeps running, for an instant rollback. */
const standbyDelay = Duration.minutes(30)

/**
 * Puts the deployment on standby in 30 minutes, unless another change is scheduled until then. A change that finds the
 * deployment live again does nothing.
 */
export const scheduleStandby = (deploymentId: string, options: { readonly idempotencyKey?: string } = {}) =>
  send(
    DeploymentService,
    deploymentId,
    "ScheduleDesiredStateChange",
    { delayMillis: Duration.toMillis(standbyDelay), state: "standby" },
    options
  )

/** Cancels the scheduled change. True when the deployment was about to stop. */
export const withdrawStandby = (deploymentId: string) =>
  Effect.map(
    call(DeploymentService, deploymentId, "TakeScheduledStateChange", {}),
    ({ state }) => state === "standby" || state === "archived"
  )

/** Starts a stopped deployment. Does not wait for its instances. */
export const startDeployment = (deploymentId: string) =>
  call(DeploymentService, deploymentId, "ScheduleDesiredStateChange", { delayMillis: 0, state: "running" })
