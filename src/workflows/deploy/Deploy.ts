import { Cause, Clock, Effect, Option } from "effect"
import type { Input } from "effect-restate"
import { call, onRollback, saga, withUndo } from "effect-restate"
import type { DeployService } from "../../contract/DeployService.ts"
import { DeploymentFailed, InvalidRequest } from "../../contract/errors.ts"
import { RoutingService } from "../../contract/RoutingService.ts"
import { type Deployment, type DeploymentPhase, productionEnvironment } from "../../services/deploy/Deployment.ts"
import { DeploymentStore, type PhaseChange } from "../../services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../services/deploy/DeploySettings.ts"
import { type DeployOutcome, recordMetric } from "../../services/Metrics.ts"
import { logEvent } from "../businessEvents.ts"
import { databaseStep } from "../databaseStep.ts"
import { awaitInstances } from "./awaitInstances.ts"
import { awaitSentinel } from "./awaitSentinel.ts"
import { buildFromGit } from "./build/buildFromGit.ts"
import type { Built } from "./build/builtImage.ts"
import { type CommitReports, commitReports } from "./build/commitReports.ts"
import { type BuildPlan, planBuild } from "./build/planBuild.ts"
import { alternativeDomain, domainsOf } from "./domains.ts"
import { givenImage, imageCheck } from "./givenImage.ts"
import { deploymentParents, loadDeployment, type Parents, resolvePlacement } from "./load.ts"
import { publish, unpublish } from "./publish.ts"
import { scheduleStandby } from "./standby.ts"
import { stepError } from "./stepError.ts"

type DeployInput = Input<typeof DeployService, "Deploy">

/** An existing image, or a build. */
type Source = Effect.Effect.Success<ReturnType<typeof givenImage>> | BuildPlan

/**
 * Deploys an image, given or built from git: queued, building, deploying, network, ready. Repeating it for a ready
 * deployment changes nothing; a failed deployment stays failed. Any failure or cancellation stops the build, closes the
 * open step with the reason, marks the deployment failed and removes its topology.
 */
export const deploy = (request: DeployInput) =>
  saga(
    Effect.gen(function* () {
      const context = yield* begin(request.deploymentId)
      if (context.deployment.status === "ready") return {}
      const source = yield* resolveSource(request)
      const deployment = deploymentOf(context.deployment, source)
      const parents = yield* deploymentParents(context)
      const placement = yield* resolvePlacement(deployment, parents, yield* checkOf(source, deployment))
      const reports = commitReports(deployment, parents.environmentSlug, source._tag === "Git" ? source : undefined)
      yield* withUndo(reports.pending, (_, cause) => reports.failed(stepError(reasonOf(cause))))
      if (!(yield* enterDeploying(source, deployment, parents, reports))) return {}
      yield* onRollback(() => unpublish(placement))
      yield* publish(placement)
      yield* awaitRunning(deployment)
      yield* awaitSentinel(deployment.environmentId)
      yield* enter(deployment, "deploying", "network")
      yield* goLive(deployment, parents, reports)
      return {}
    })
  )

/** Uninterruptible until the first step is open, because its row records why the deployment failed. */
const begin = (deploymentId: string) =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      const context = yield* loadDeployment(deploymentId)
      const { deployment } = context
      if (deployment.status === "failed") return yield* failedBefore(deployment)
      if (deployment.status === "ready") return context
      yield* logEvent("deploy.started", {})
      // Registered first, so that the deployment is marked failed even when the step cannot be opened.
      yield* onRollback((cause) => closeFailed(deployment, cause))
      yield* changePhase("enter-queued", { deploymentId, open: "queued" })
      return context
    })
  )

const failedBefore = ({ id: deploymentId }: Deployment) =>
  new DeploymentFailed({
    deploymentId,
    step: "queued",
    problem: "it has failed before; create a new deployment to try again"
  })

const changePhase = (name: string, change: Omit<PhaseChange, "at">, count: Effect.Effect<void> = Effect.void) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    yield* databaseStep(name, Effect.zipLeft(deployments.changePhase({ ...change, at }), count))
  })

/** Counts and logs the end of a deploy. Runs inside the step that ends it, with the time of that step. */
const reportOutcome = ({ createdAt }: Deployment, outcome: DeployOutcome, reason?: string) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const seconds = (now - createdAt) / 1000
    yield* recordMetric({ _tag: "DeployEnded", outcome, seconds })
    yield* logEvent(`deploy.${outcome}`, reason === undefined ? { seconds } : { seconds, reason })
  })

/** Closes one phase and opens the next in one transaction. */
const enter = (
  { id: deploymentId }: Deployment,
  close: DeploymentPhase,
  open: Exclude<DeploymentPhase, "queued">,
  more: Partial<Built> & Pick<PhaseChange, "pass"> = {}
) => changePhase(`enter-${open}`, { deploymentId, close, open, status: open, ...more })

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure instanceof DeploymentFailed) return failure.problem
  return failure instanceof Error ? failure.message : "the deployment was cancelled"
}

const outcomeOf = (cause: Cause.Cause<unknown>): DeployOutcome => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (failure === undefined) return "cancelled"
  return failure instanceof DeploymentFailed && failure.supersededBy !== undefined ? "superseded" : "failed"
}

const closeFailed = (deployment: Deployment, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const { id: deploymentId } = deployment
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const message = stepError(reasonOf(cause))
    const ended = reportOutcome(deployment, outcomeOf(cause), message)
    const fail = Effect.zipLeft(deployments.fail({ deploymentId, message, at }), ended)
    yield* databaseStep("fail-deployment", fail).pipe(
      // The remaining compensations run all the same; an operator has to correct the row.
      Effect.catchTag("DatabaseRefused", (refused) =>
        Effect.logError("A deployment cannot be marked failed", { problem: refused.message, reason: message })
      )
    )
  })

const resolveSource = ({ deploymentId, dockerImage, git }: DeployInput) => {
  if (git !== undefined) return planBuild(deploymentId, git)
  if (dockerImage === undefined)
    return Effect.fail(new InvalidRequest({ field: "source", problem: "give either dockerImage or git" }))
  return givenImage(dockerImage.image)
}

/** Built images need no check. */
const checkOf = (source: Source, deployment: Deployment) =>
  source._tag === "Image" ? imageCheck(source.reference, deployment) : Effect.succeed(Effect.void)

/** The deployment with the commit that was resolved for it, as its row stores it. */
const deploymentOf = (deployment: Deployment, source: Source): Deployment =>
  source._tag === "Image" || source.branch === null
    ? deployment
    : { ...deployment, gitBranch: source.branch, gitCommitSha: source.source.commitSha }

/**
 * Writes the image before any topology exists: one that is given passes the building phase. The deployment is `queued`
 * until it has a build slot. False: another delivery has made it ready.
 */
const enterDeploying = (source: Source, deployment: Deployment, parents: Parents, reports: CommitReports) =>
  Effect.gen(function* () {
    if (source._tag === "Image") {
      yield* enter(deployment, "queued", "deploying", { pass: "building", image: source.image })
      return true
    }
    const built = yield* buildFromGit({
      deployment,
      environmentSlug: parents.environmentSlug,
      plan: source,
      onSlot: Effect.zipRight(enter(deployment, "queued", "building"), reports.building)
    })
    if (Option.isNone(built)) return false
    yield* enter(deployment, "building", "deploying", built.value)
    return true
  })

const awaitRunning = (deployment: Deployment) => {
  const { id: deploymentId } = deployment
  return awaitInstances(deployment).pipe(
    Effect.catchTag(
      "InstancesFailed",
      ({ reason: problem }) => new DeploymentFailed({ deploymentId, step: "deploying", problem })
    ),
    Effect.tap(({ running, slow }) => logEvent("deploy.running", { running_regions: running, slow_regions: slow }))
  )
}

const routesNotMoved = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "network", problem })

/**
 * Moves routes and the live position, then finishes the deployment. Uninterruptible: after the swap the deployment may
 * be live and cannot be rolled back.
 */
const goLive = (deployment: Deployment, parents: Parents, reports: CommitReports) =>
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
        yield* Effect.annotateLogs(Effect.logWarning("A deployment does not get a domain", { reason }), "domain", fqdn)
      const finished = { deploymentId, close: "network", status: "ready" } as const
      yield* changePhase("finish", finished, reportOutcome(deployment, "ready"))
      yield* reports.live(`https://${domains.at(-1)?.fqdn ?? apex}`)
      const left = deploymentToStandBy(deploymentId, parents, swap)
      if (left !== undefined) yield* scheduleStandby(left, { idempotencyKey: deploymentId })
    })
  )

/**
 * The deployment to put on standby: the previous live one, or this one when a newer one went live first. While the
 * project is rolled back, this one keeps the environment's host names and waits to be promoted.
 */
const deploymentToStandBy = (
  deploymentId: string,
  { environmentSlug }: Parents,
  swap: { readonly live: boolean; readonly rolledBack: boolean; readonly previousLiveDeploymentId?: string }
): string | undefined => {
  if (swap.live) return swap.previousLiveDeploymentId === deploymentId ? undefined : swap.previousLiveDeploymentId
  return environmentSlug === productionEnvironment && !swap.rolledBack ? deploymentId : undefined
}
