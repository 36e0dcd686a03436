import { Clock, Effect, Option } from "effect"
import { type Awakeable, awakeable, call } from "effect-restate"
import { BuildSlotService, SlotUpdate } from "../../../contract/BuildSlotService.ts"
import { DeploymentFailed } from "../../../contract/errors.ts"
import { type Deployment, productionEnvironment } from "../../../services/Deployment.ts"
import { type Holder, heartbeatInterval } from "../../builds/slotQueue.ts"

/** Past this a deployment no longer waits for its turn. Builds last minutes: a queue this slow does not move. */
export const maxWait = 2 * 60 * 60_000

export interface SlotWait {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly buildId: string
}

/** Newer commits of a branch make older ones superfluous, but only in the same environment. */
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

/** What the queue says within a minute. A bell that somebody broke is as good as one that is silent. */
const awaitUpdate = (bell: Awakeable<SlotUpdate>) =>
  bell.result.pipe(
    Effect.catchAll(() => Effect.never),
    Effect.timeoutOption(heartbeatInterval)
  )

/**
 * Waits for a build slot and answers when its lease ends, unless it is renewed. Rung by the queue; it also asks again every
 * minute, which tells the queue that somebody still waits and finds out what a lost ring would have said.
 *
 * The position stands in the log and is what `BuildSlotService/Position` answers. Not in the deployment's step: its only
 * text column is `error`, which readers take for a failure.
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
        yield* Effect.logInfo(`deployment ${deploymentId} waits for a build slot at position ${answer.position}`)
      since ??= now
      if (now - since >= maxWait) return yield* failed(deploymentId, "waited two hours for a build slot")
      const heard = yield* awaitUpdate(bell)
      const told = Option.isSome(heard) ? yield* leaseOf(deploymentId, heard.value) : Option.none()
      if (Option.isSome(told)) return told.value
    }
  })

/** Returns the slot or the place in the queue. Cannot fail: a slot that is not returned is taken back with its lease. */
export const releaseSlot = (workspaceId: string, holder: Holder) =>
  call(BuildSlotService, workspaceId, "Release", holder).pipe(
    Effect.asVoid,
    Effect.catchAll(({ message }) =>
      Effect.logWarning(`the build slot of deployment ${holder.deploymentId} is left to the reaper: ${message}`)
    )
  )
