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
import type { Deployment } from "../../services/deploy/Deployment.ts"
import type { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import type { DeploySettings } from "../../services/deploy/DeploySettings.ts"
import { awaitInstances } from "./awaitInstances.ts"
import { loadDeployment } from "./load.ts"
import { scheduleStandby, startDeployment, withdrawStandby } from "./standby.ts"

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

/**
 * A timer may put the target on standby between its start and the swap; more retries than this mean a competing writer.
 */
const maxStarts = 5

/**
 * Moves the live position and all sticky routes to a running deployment. Starts a target on standby and waits for it
 * first; if the switch fails, the target goes back to standby after the usual delay. The previous live deployment is
 * put on standby in 30 minutes.
 */
export const switchLive = (
  change: Switch
): Effect.Effect<void, SwitchFailure, DeploySettings | DeploymentStore | Durable> =>
  saga(
    Effect.gen(function* () {
      const { target } = change
      // If the switch fails, a target that was on standby, or about to be, goes back to it. A running target keeps
      // running.
      const restoreStandby = (wasAboutToStop: boolean) =>
        wasAboutToStop || target.desiredState !== "running" ? rescheduleStandby(target.id) : Effect.void
      // Uninterruptible: a standby that is cancelled without its compensation would leave the target running forever.
      yield* Effect.uninterruptible(withUndo(withdrawStandby(target.id), restoreStandby))
      yield* startAndSwap(change, target, 1)
    })
  )

const rescheduleStandby = (deploymentId: string) =>
  Effect.catchTag(scheduleStandby(deploymentId), "EncodingFailed", ({ message }) =>
    Effect.logError("A deployment cannot be put back on standby", { problem: message })
  )

const startAndSwap = (
  change: Switch,
  target: Deployment,
  wake: number
): Effect.Effect<void, SwitchFailure, DeploySettings | DeploymentStore | Durable> =>
  Effect.gen(function* () {
    if (target.desiredState !== "running") {
      yield* startDeployment(target.id)
      yield* awaitRunning(target)
    }
    yield* swap(change).pipe(
      Effect.catchTag("SwitchRefused", (refused) => {
        if (refused.reason !== "put_on_standby" || wake >= maxStarts) return Effect.fail(refused)
        // Its start may not be committed yet while instances of its previous run are still listed.
        const again = Effect.zipRight(Effect.sleep("1 second"), loadDeployment(target.id))
        return Effect.flatMap(again, ({ deployment }) => startAndSwap(change, deployment, wake + 1))
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

/** Uninterruptible: a swap without the standby of the replaced deployment would leave that one running. */
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
