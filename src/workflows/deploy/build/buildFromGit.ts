import { Clock, Effect, Option, Schema } from "effect"
import { saga, withUndo } from "effect-restate"
import { DeploymentFailed, NotFound } from "../../../contract/errors.ts"
import { type Deployment, DeploymentStatus } from "../../../services/Deployment.ts"
import { DeploymentStore } from "../../../services/DeploymentStore.ts"
import { cancelBuild } from "../../builds/cancelBuild.ts"
import { databaseStep } from "../../databaseStep.ts"
import { awaitSlot, releaseSlot } from "./awaitSlot.ts"
import { buildIdOf, builtImage } from "./builtImage.ts"
import type { BuildPlan } from "./planBuild.ts"
import { runBuild } from "./runBuild.ts"

/** A slot is lost when no worker was heard of for minutes. Three times in one deployment, and something else is wrong. */
const maxAttempts = 3

export interface GitBuild<E, R> {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly plan: BuildPlan
  /** Runs once, when the deployment has its first slot and nothing has been built yet. */
  readonly onSlot: Effect.Effect<void, E, R>
}

const CurrentStatus = Schema.Struct({ status: DeploymentStatus, depotProjectId: Schema.NullOr(Schema.String) })

/** The wait may have been long: another delivery of the same deploy can have ended meanwhile. */
const readCurrentStatus = ({ id, projectId }: Deployment) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const standing = Effect.gen(function* () {
      const found = yield* deployments.find(id)
      const depotProjectId = Option.getOrNull(yield* deployments.depotProject(projectId))
      return yield* Option.match(found, {
        onNone: () => new NotFound({ resource: "deployment", id }),
        onSome: ({ deployment: { status } }) => Effect.succeed({ status, depotProjectId })
      })
    })
    return yield* databaseStep("check-standing", standing, { output: CurrentStatus, error: NotFound })
  })

/** The project's next build uses the same cache. */
const storeDepotProject = (projectId: string, known: string | null, used: string | null) =>
  Effect.gen(function* () {
    if (used === null || used === known) return
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const remember = deployments.rememberDepotProject({ projectId, depotProjectId: used, at })
    yield* databaseStep("remember-depot-project", remember).pipe(
      // The image is built; only the next build starts without a cache.
      Effect.catchTag("DatabaseRefused", ({ message }) =>
        Effect.logError(`the Depot project of ${projectId} is not remembered: ${message}`)
      )
    )
  })

const buildFailed = (deploymentId: string, problem: string) =>
  new DeploymentFailed({ deploymentId, step: "building", problem })

/**
 * Waits for a slot, builds in it and returns it. None: the deployment has become ready meanwhile, so there is nothing to do.
 * Whatever ends this early stops the build and returns the slot.
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
        yield* withUndo(Effect.void, () => returnSlot)
        const ends = yield* awaitSlot({ deployment, environmentSlug, buildId })
        const { depotProjectId, status } = yield* readCurrentStatus(deployment)
        if (status === "failed") return yield* buildFailed(deploymentId, "it has failed meanwhile")
        if (status === "ready") {
          yield* returnSlot
          return Option.none()
        }
        if (attempt === 1) yield* onSlot
        yield* withUndo(Effect.void, () => cancelBuild(buildId))
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
        yield* Effect.logWarning(`deployment ${deploymentId} has lost its build slot and queues again`)
        yield* cancelBuild(buildId)
      }
      return yield* buildFailed(deploymentId, `the build lost its slot ${maxAttempts} times; try again later`)
    }),
    { afterSuccess: "forget" }
  )
