import { Cause, Clock, Effect, Option } from "effect"
import type { DeployService } from "../../contract/DeployService.ts"
import { DeploymentFailed, GitSourceUnavailable, InvalidRequest } from "../../contract/errors.ts"
import { RoutingService } from "../../contract/RoutingService.ts"
import type { Input } from "../../restate/Contract.ts"
import { call } from "../../restate/Messaging.ts"
import { saga, withUndo } from "../../restate/Saga.ts"
import { step } from "../../restate/Step.ts"
import type { Deployment, DeploymentPhase } from "../../services/Deployment.ts"
import { DeploymentStore, type PhaseChange } from "../../services/DeploymentStore.ts"
import { DeploySettings } from "../../services/DeploySettings.ts"
import { awaitInstances } from "./awaitInstances.ts"
import { awaitSentinel } from "./awaitSentinel.ts"
import { alternativeDomain, domainsOf } from "./domains.ts"
import { deploymentParents, loadDeployment, type Parents, placementOf } from "./load.ts"
import { publish, unpublish } from "./publish.ts"
import { scheduleStandby } from "./standby.ts"
import { stepError } from "./stepError.ts"

type DeployInput = Input<typeof DeployService, "Deploy">

const productionEnvironment = "production"

/**
 * Deploys an image: queued, building, deploying, network, ready. Repeating it for a deployment that is ready changes
 * nothing; one that has failed stays failed, because its steps tell what happened. Whatever ends it early closes the open
 * step with the reason, marks the deployment failed and takes its topology back.
 */
export const deploy = (request: DeployInput) =>
  saga(
    Effect.gen(function* () {
      const context = yield* begin(request.deploymentId)
      const { deployment } = context
      if (deployment.status === "ready") return {}
      const image = yield* imageOf(request)
      const parents = yield* deploymentParents(context)
      const placement = yield* placementOf(deployment, parents)
      yield* enter(deployment, "queued", "building")
      yield* enter(deployment, "building", "deploying", image)
      yield* withUndo(Effect.void, () => unpublish(placement))
      yield* publish(placement)
      yield* awaitRunning(deployment)
      yield* awaitSentinel(deployment.environmentId)
      yield* enter(deployment, "deploying", "network")
      yield* goLive(deployment, parents)
      return {}
    })
  )

/** A cancellation waits for the first step to be open: there must be something that says why the deployment failed. */
const begin = (deploymentId: string) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const context = yield* loadDeployment(deploymentId)
      const { deployment } = context
      if (deployment.status === "failed") return yield* failedBefore(deployment)
      if (deployment.status === "ready") return context
      yield* withUndo(changePhase("enter-queued", { deploymentId, open: "queued" }), (_, cause) =>
        closeFailed(deployment, cause)
      )
      return context
    })
  )

const failedBefore = ({ id: deploymentId }: Deployment) =>
  new DeploymentFailed({
    deploymentId,
    step: "queued",
    problem: "it has failed before; create a new deployment to try again"
  })

const changePhase = (name: string, change: Omit<PhaseChange, "at">) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    yield* step(name, deployments.changePhase({ ...change, at }), {})
  })

/** Leaves one phase and enters the next in one transaction; the image is committed before any topology exists. */
const enter = ({ id: deploymentId }: Deployment, close: DeploymentPhase, open: DeploymentPhase, image?: string) =>
  changePhase(`enter-${open}`, {
    deploymentId,
    close,
    open,
    ...(open === "queued" ? {} : { status: open }),
    ...(image === undefined ? {} : { image })
  })

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure instanceof DeploymentFailed) return failure.problem
  return failure instanceof Error ? failure.message : "the deployment was cancelled"
}

const closeFailed = ({ id: deploymentId }: Deployment, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const message = stepError(reasonOf(cause))
    yield* Effect.logWarning(`deployment ${deploymentId} failed: ${message}`)
    yield* step("fail-deployment", deployments.fail({ deploymentId, message, at }), {})
  })

const imageOf = ({ deploymentId, git, dockerImage }: DeployInput) => {
  if (git !== undefined) return Effect.fail(new GitSourceUnavailable({ deploymentId }))
  if (dockerImage === undefined)
    return Effect.fail(new InvalidRequest({ field: "source", problem: "give either dockerImage or git" }))
  const image = dockerImage.image.trim()
  if (image === "" || /\s/.test(image))
    return Effect.fail(
      new InvalidRequest({ field: "dockerImage.image", problem: "must name an image, without spaces" })
    )
  return Effect.succeed(image)
}

const awaitRunning = ({ id: deploymentId }: Deployment) =>
  awaitInstances(deploymentId).pipe(
    Effect.catchTag(
      "InstancesFailed",
      ({ reason: problem }) => new DeploymentFailed({ deploymentId, step: "deploying", problem })
    ),
    Effect.tap(({ running, slow }) =>
      slow.length === 0
        ? Effect.logInfo(`deployment ${deploymentId} runs in ${running.join(", ")}`)
        : Effect.logWarning(`deployment ${deploymentId} runs in ${running.join(", ")}, not yet in ${slow.join(", ")}`)
    )
  )

const routesNotMoved = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "network", problem })

/**
 * Routes and live position, then the end of the deployment. A cancellation waits until all of it is done: past the swap
 * the deployment may be live, and there is nothing left that could be taken back.
 */
const goLive = (deployment: Deployment, parents: Parents) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const { apex } = yield* DeploySettings
      const { id: deploymentId, projectId } = deployment
      const domains = domainsOf({
        ...deployment,
        deploymentId,
        workspaceSlug: parents.workspaceSlug,
        projectSlug: parents.projectSlug,
        environmentSlug: parents.environmentSlug,
        apex
      }).map((domain) => ({ ...domain, alternative: alternativeDomain(domain, deployment).fqdn }))
      const request = { intent: "deploy", deploymentId, domains } as const
      const swap = yield* call(RoutingService, projectId, "SwapLiveDeployment", request).pipe(
        Effect.catchTags({
          StaleLiveDeployment: ({ message }) => routesNotMoved(deploymentId, message),
          SwitchRefused: ({ message }) => routesNotMoved(deploymentId, message)
        })
      )
      for (const { fqdn, reason } of swap.skippedDomains)
        yield* Effect.logWarning(`deployment ${deploymentId} does not get ${fqdn}: ${reason}`)
      yield* changePhase("finish", { deploymentId, close: "network", status: "ready" })
      const left = leftBehind(deploymentId, parents, swap)
      if (left !== undefined) yield* scheduleStandby(left, { idempotencyKey: deploymentId })
    })
  )

/**
 * Who nobody needs any more: the deployment that was live until now, or this one when a newer one went live first. While
 * rolled back this one keeps the environment's host names and waits to be promoted.
 */
const leftBehind = (
  deploymentId: string,
  { environmentSlug }: Parents,
  swap: { readonly live: boolean; readonly rolledBack: boolean; readonly previousLiveDeploymentId?: string }
): string | undefined => {
  if (swap.live) return swap.previousLiveDeploymentId === deploymentId ? undefined : swap.previousLiveDeploymentId
  return environmentSlug === productionEnvironment && !swap.rolledBack ? deploymentId : undefined
}
