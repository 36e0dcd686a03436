import { Clock, Effect, Option } from "effect"
import { type Awakeable, awakeable, call } from "effect-restate"
import { BuildSlotService, SlotUpdate } from "../../../contract/BuildSlotService.ts"
import { DeploymentFailed } from "../../../contract/errors.ts"
import { type Deployment, productionEnvironment } from "../../../services/deploy/Deployment.ts"
import { maxSlotWaitMillis } from "../../../services/deploy/waitLimits.ts"
import { type Holder, heartbeatInterval } from "../../builds/slotQueue.ts"
import { logEvent } from "../../businessEvents.ts"

export interface SlotWait {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly buildId: string
}

/** Newer commits of a branch supersede older ones in the same environment. */
const branchKeyOf = ({ environmentId, gitBranch }: Deployment): string =>
  gitBranch === null || gitBranch === "" ? "" : `${environmentId} ${gitBranch}`

const failed = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "queued", problem })

const leaseOf = (deploymentId: string, { by, leaseEnds, outcome }: SlotUpdate) => {
  if (outcome === "granted") return Effect.succeedSome(leaseEnds)
  if (outcome === "waiting") return Effect.succeedNone
  if (outcome === "refused") return failed(deploymentId, "too many builds of this workspace wait already")
  return new DeploymentFailed({ deploymentId, step: "queued", problem: `superseded by ${by}`, supersededBy: by })
}

/** The next update within a minute. A rejected awakeable counts as none. */
const awaitUpdate = (bell: Awakeable<SlotUpdate>) =>
  bell.result.pipe(
    Effect.catchAll(() => Effect.never),
    Effect.timeoutOption(heartbeatInterval)
  )

/**
 * Waits for a build slot and answers with the end of its lease. The queue notifies through an awakeable; the request is
 * also repeated every minute, which renews it and replaces a lost notification.
 *
 * The position is logged and answered by `BuildSlotService/Position`. It is not in the deployment's step, whose only
 * text column is `error`, which the dashboard shows as a failure.
 */
export const awaitSlot = ({ deployment, environmentSlug, buildId }: SlotWait) =>
  Effect.gen(function* () {
    const { id: deploymentId, workspaceId } = deployment
    const bell = yield* awakeable(SlotUpdate)
    const request = {
      deploymentId,
      buildId,
      isProduction: environmentSlug === productionEnvironment,
      createdAt: deployment.createdAt,
      line: branchKeyOf(deployment),
      bell: bell.id
    }
    let since: number | undefined
    for (;;) {
      const answer = yield* call(BuildSlotService, workspaceId, "Request", request)
      const granted = yield* leaseOf(deploymentId, answer)
      if (Option.isSome(granted)) return granted.value
      const now = yield* Clock.currentTimeMillis
      if (since === undefined)
        yield* logEvent("deploy.waiting", { waiting_for: "build_slot", position: answer.position })
      since ??= now
      if (now - since >= maxSlotWaitMillis) return yield* failed(deploymentId, "waited two hours for a build slot")
      const heard = yield* awaitUpdate(bell)
      const told = Option.isSome(heard) ? yield* leaseOf(deploymentId, heard.value) : Option.none()
      if (Option.isSome(told)) return told.value
    }
  })

/**
 * Returns the slot or withdraws the request. Cannot fail: a slot that is not returned is reclaimed when its lease
 * expires.
 */
export const releaseSlot = (workspaceId: string, holder: Holder) =>
  call(BuildSlotService, workspaceId, "Release", holder).pipe(
    Effect.asVoid,
    Effect.catchAll(({ message }) => Effect.logWarning("A build slot is left to the reaper", { problem: message }))
  )
