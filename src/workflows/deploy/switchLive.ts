import { Effect } from "effect"
import type { CallFailed, Durable, EncodingFailed } from "effect-restate"
import { call, saga, withUndo } from "effect-restate"
import {
  type DatabaseRefused,
  InstancesNotRunning,
  type NotFound,
  type StaleLiveDeployment,
  type SwitchRefused
} from "../../contract/errors.ts"
import { RoutingService } from "../../contract/RoutingService.ts"
import type { Deployment } from "../../services/Deployment.ts"
import type { DeploymentStore } from "../../services/DeploymentStore.ts"
import type { DeploySettings } from "../../services/DeploySettings.ts"
import { awaitInstances } from "./awaitInstances.ts"
import { loadDeployment } from "./load.ts"
import { scheduleStandby, start, withdrawStandby } from "./standby.ts"

export interface Switch {
  readonly intent: "promote" | "rollback"
  readonly target: Deployment
  /** The live deployment that the decision was based on. */
  readonly live: string
}

type SwitchFailure =
  | NotFound
  | SwitchRefused
  | StaleLiveDeployment
  | InstancesNotRunning
  | DatabaseRefused
  | CallFailed
  | EncodingFailed

/** A timer may put the target on standby between its start and the swap; more than that is somebody fighting us. */
const maxWakes = 5

/**
 * Moves the live position and all sticky routes to a deployment that runs. A target on standby is started and awaited
 * first; if the swap is refused then, it goes back to standby after the usual delay. What left the live position is put
 * on standby in 30 minutes.
 */
export const switchLive = (
  change: Switch
): Effect.Effect<void, SwitchFailure, DeploySettings | DeploymentStore | Durable> =>
  saga(
    Effect.gen(function* () {
      const { target } = change
      // A target that slept, or was about to, goes back to that if the switch fails. One that simply ran goes on running.
      const sleepAgain = (wasAboutToStop: boolean) =>
        wasAboutToStop || target.desiredState !== "running" ? standbyAgain(target.id) : Effect.void
      // A cancellation waits: a standby that is withdrawn and forgotten would leave the target running for ever.
      yield* Effect.uninterruptible(withUndo(withdrawStandby(target.id), sleepAgain))
      yield* wakeAndSwap(change, target, 1)
    })
  )

const standbyAgain = (deploymentId: string) =>
  Effect.catchTag(scheduleStandby(deploymentId), "EncodingFailed", ({ message }) =>
    Effect.logError(`deployment ${deploymentId} is not put back on standby: ${message}`)
  )

const wakeAndSwap = (
  change: Switch,
  target: Deployment,
  wake: number
): Effect.Effect<void, SwitchFailure, DeploySettings | DeploymentStore | Durable> =>
  Effect.gen(function* () {
    if (target.desiredState !== "running") {
      yield* start(target.id)
      yield* awaitRunning(target)
    }
    yield* swap(change).pipe(
      Effect.catchTag("SwitchRefused", (refused) => {
        if (refused.reason !== "put_on_standby" || wake >= maxWakes) return Effect.fail(refused)
        // Its start may not be committed yet while instances of its last run are still listed.
        const again = Effect.zipRight(Effect.sleep("1 second"), loadDeployment(target.id))
        return Effect.flatMap(again, ({ deployment }) => wakeAndSwap(change, deployment, wake + 1))
      })
    )
  })

const awaitRunning = (deployment: Deployment) =>
  awaitInstances(deployment).pipe(
    Effect.catchTag(
      "InstancesFailed",
      ({ reason: problem }) => new InstancesNotRunning({ deploymentId: deployment.id, problem })
    )
  )

/** A cancellation waits until both are done: a swap without the standby of what it replaced would leave that one running. */
const swap = ({ intent, target, live }: Switch) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const swapped = yield* call(RoutingService, target.projectId, "SwapLiveDeployment", {
        intent,
        deploymentId: target.id,
        expectedLiveDeploymentId: live,
        domains: []
      })
      const left = swapped.previousLiveDeploymentId
      if (left !== undefined && left !== target.id) yield* scheduleStandby(left)
    })
  )
