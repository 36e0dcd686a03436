import { Cause, Clock, Effect, Option, Schema } from "effect"
import { onRollback, saga } from "effect-restate"
import { DeploymentFailed, NotFound } from "../../../contract/errors.ts"
import { type Deployment, DeploymentStatus } from "../../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../../services/deploy/DeploymentStore.ts"
import { cancelBuild } from "../../builds/cancelBuild.ts"
import { logEvent } from "../../businessEvents.ts"
import { databaseStep } from "../../databaseStep.ts"
import { awaitSlot, releaseSlot } from "./awaitSlot.ts"
import { buildIdOf, builtImage, maxAttempts } from "./builtImage.ts"
import type { BuildPlan } from "./planBuild.ts"
import { runBuild } from "./runBuild.ts"

export interface GitBuild<E, R> {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly plan: BuildPlan
  /** Runs once, when the deployment has its first slot, before the build. */
  readonly onSlot: Effect.Effect<void, E, R>
}

const CurrentStatus = Schema.Struct({ status: DeploymentStatus, depotProjectId: Schema.NullOr(Schema.String) })

/** Reads the status again after the wait: another delivery of the same deploy may have finished. */
const readCurrentStatus = ({ id, projectId }: Deployment) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const current = Effect.gen(function* () {
      const found = yield* deployments.find(id)
      const depotProjectId = Option.getOrNull(yield* deployments.depotProject(projectId))
      return yield* Option.match(found, {
        onNone: () => new NotFound({ resource: "deployment", id }),
        onSome: ({ deployment: { status } }) => Effect.succeed({ status, depotProjectId })
      })
    })
    return yield* databaseStep("check-standing", current, { output: CurrentStatus, error: NotFound })
  })

/** Stores the Depot project, so that the project's next build uses its cache. */
const storeDepotProject = (projectId: string, known: string | null, used: string | null) =>
  Effect.gen(function* () {
    if (used === null || used === known) return
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const remember = deployments.rememberDepotProject({ projectId, depotProjectId: used, at })
    yield* databaseStep("remember-depot-project", remember).pipe(
      // Not an error of this deploy: the image is built, and only the next build has no cache.
      Effect.catchTag("DatabaseRefused", ({ message }) =>
        Effect.logError("The Depot project of a project cannot be stored", { problem: message })
      )
    )
  })

const buildFailed = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "building", problem })

/** A build that failed has said so where it was polled. */
const logCancelled = (buildId: string, cause: Cause.Cause<unknown>) =>
  Cause.isInterruptedOnly(cause) ? logEvent("build.ended", { build_id: buildId, outcome: "cancelled" }) : Effect.void

/**
 * Waits for a slot, builds and returns the slot. None: another delivery made the deployment ready. A failure or
 * cancellation stops the build and returns the slot.
 */
export const buildFromGit = <E, R>({ deployment, environmentSlug, plan, onSlot }: GitBuild<E, R>) =>
  saga(
    Effect.gen(function* () {
      const { id: deploymentId, projectId, workspaceId } = deployment
      const { deadline, installationId, platform, source } = plan
      const { commitSha, contextPath, dockerfilePath, repository } = source
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const buildId = buildIdOf(deploymentId, attempt)
        const returnSlot = releaseSlot(workspaceId, { deploymentId, buildId })
        yield* onRollback(() => returnSlot)
        yield* logEvent("build.queued", { build_id: buildId })
        const ends = yield* awaitSlot({ deployment, environmentSlug, buildId })
        const { depotProjectId, status } = yield* readCurrentStatus(deployment)
        if (status === "failed") return yield* buildFailed(deploymentId, "it has failed meanwhile")
        if (status === "ready") {
          yield* returnSlot
          return Option.none()
        }
        if (attempt === 1) yield* onSlot
        yield* onRollback((cause) => Effect.zipRight(logCancelled(buildId, cause), cancelBuild(buildId)))
        const build = { buildId, workspaceId, projectId, deploymentId, depotProjectId, installationId, platform }
        const built = yield* runBuild(
          { ...build, repository, commitSha, contextPath, dockerfilePath },
          { ends, deadline }
        ).pipe(
          Effect.asSome,
          Effect.catchTag("SlotLost", () => Effect.succeedNone)
        )
        if (Option.isSome(built)) {
          yield* returnSlot
          yield* storeDepotProject(projectId, depotProjectId, built.value.depotProjectId)
          return Option.some(builtImage(built.value, buildId))
        }
        yield* Effect.logWarning("A deployment lost its build slot and queues again", { buildId })
        yield* cancelBuild(buildId)
      }
      return yield* buildFailed(deploymentId, `the build lost its slot ${maxAttempts} times; try again later`)
    }),
    { afterSuccess: "forget" }
  )
