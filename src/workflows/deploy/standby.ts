import { Duration, Effect } from "effect"
import { call, send } from "effect-restate"
import { DeploymentService } from "../../contract/DeploymentService.ts"

/** How long a former live deployment keeps running, so that going back to it is instant. */
const standbyDelay = Duration.minutes(30)

/**
 * Puts the deployment on standby in 30 minutes, unless it is scheduled otherwise until then. The live deployment is
 * never touched: a change that finds it live again does nothing.
 */
export const scheduleStandby = (deploymentId: string, options: { readonly idempotencyKey?: string } = {}) =>
  send(
    DeploymentService,
    deploymentId,
    "ScheduleDesiredStateChange",
    { delayMillis: Duration.toMillis(standbyDelay), state: "standby" },
    options
  )

/** Withdraws what is scheduled, before anything depends on the deployment staying up. True when it was about to stop. */
export const withdrawStandby = (deploymentId: string) =>
  Effect.map(
    call(DeploymentService, deploymentId, "TakeScheduledStateChange", {}),
    ({ state }) => state === "standby" || state === "archived"
  )

/** Starts a deployment that was stopped. Its instances take a while to run. */
export const start = (deploymentId: string) =>
  call(DeploymentService, deploymentId, "ScheduleDesiredStateChange", { delayMillis: 0, state: "running" })
