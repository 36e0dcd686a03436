import { Clock, Effect, Option } from "effect"
import { type Awakeable, awakeable, call } from "effect-restate"
import { BuildSlotService, SlotNews } from "../../../contract/BuildSlotService.ts"
import { DeploymentFailed } from "../../../contract/errors.ts"
import { type Deployment, productionEnvironment } from "../../../services/Deployment.ts"
import { type Holder, signOfLifeEvery } from "../../builds/slotQueue.ts"

/** Past this a deployment no longer waits for its turn. Builds last minutes: a queue this slow does not move. */
export const longestWait = 2 * 60 * 60_000

export interface Turn {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly buildId: string
}

/** Newer commits of a branch make older ones superfluous, but only in the same environment. */
const lineOf = ({ environmentId, gitBranch }: Deployment): string =>
  gitBranch === null || gitBranch === "" ? "" : `${environmentId} ${gitBranch}`

const failed = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "queued", problem })

const settled = (deploymentId: string, { by, leaseEnds, outcome }: SlotNews) => {
  if (outcome === "granted") return Effect.succeedSome(leaseEnds)
  if (outcome === "waiting") return Effect.succeedNone
  if (outcome === "refused") return failed(deploymentId, "too many builds of this workspace wait already")
  return new DeploymentFailed({ deploymentId, step: "queued", problem: `superseded by ${by}`, supersededBy: by })
}

/** What the queue says within a minute. A bell that somebody broke is as good as one that is silent. */
const listen = (bell: Awakeable<SlotNews>) =>
  bell.result.pipe(
    Effect.catchAll(() => Effect.never),
    Effect.timeoutOption(signOfLifeEvery)
  )

/**
 * Waits for a build slot and answers when its lease ends, unless it is renewed. Rung by the queue; it also asks again every
 * minute, which tells the queue that somebody still waits and finds out what a lost ring would have said.
 *
 * The position stands in the log and is what `BuildSlotService/Position` answers. Not in the deployment's step: its only
 * text column is `error`, which readers take for a failure.
 */
export const awaitSlot = ({ deployment, environmentSlug, buildId }: Turn) =>
  Effect.gen(function* () {
    const { id: deploymentId, workspaceId } = deployment
    const bell = yield* awakeable(SlotNews)
    const request = {
      deploymentId,
      buildId,
      isProduction: environmentSlug === productionEnvironment,
      createdAt: deployment.createdAt,
      line: lineOf(deployment),
      bell: bell.id
    }
    let since: number | undefined
    for (;;) {
      const answer = yield* call(BuildSlotService, workspaceId, "Request", request)
      const granted = yield* settled(deploymentId, answer)
      if (Option.isSome(granted)) return granted.value
      const now = yield* Clock.currentTimeMillis
      if (since === undefined)
        yield* Effect.logInfo(`deployment ${deploymentId} waits for a build slot at position ${answer.position}`)
      since ??= now
      if (now - since >= longestWait) return yield* failed(deploymentId, "waited two hours for a build slot")
      const heard = yield* listen(bell)
      const told = Option.isSome(heard) ? yield* settled(deploymentId, heard.value) : Option.none()
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
