import { Effect } from "effect"
import type { Input } from "effect-restate"
import type { DeployService } from "../../contract/DeployService.ts"
import { NotFound, SwitchRefused } from "../../contract/errors.ts"
import type { Deployment, DeploymentContext } from "../../services/deploy/Deployment.ts"
import { loadDeployment } from "./load.ts"
import { switchLive } from "./switchLive.ts"

type PromoteInput = Input<typeof DeployService, "Promote">
type Reason = SwitchRefused["reason"]

type Live = Pick<NonNullable<DeploymentContext["project"]>, "liveDeploymentId" | "isRolledBack">

/**
 * Why the target may not become live, by its own row and its project's. The live deployment of a rolled back project
 * may be promoted: that confirms the rollback.
 */
export const promoteRefusal = (target: Deployment, { isRolledBack, liveDeploymentId }: Live): Reason | undefined => {
  if (target.status !== "ready") return "not_ready"
  if (liveDeploymentId === null) return "no_live_deployment"
  return liveDeploymentId === target.id && !isRolledBack ? "already_live" : undefined
}

const projectOf = ({ deployment, project }: DeploymentContext) =>
  project === null
    ? Effect.fail(new NotFound({ resource: "project", id: deployment.projectId }))
    : Effect.succeed(project)

/** Makes a ready deployment of the live environment live and ends a rollback, so that later deploys go live again. */
export const promote = ({ targetDeploymentId }: PromoteInput) =>
  Effect.gen(function* () {
    const context = yield* loadDeployment(targetDeploymentId)
    const target = context.deployment
    const project = yield* projectOf(context)
    const live = project.liveDeploymentId
    const refuse = (reason: Reason) =>
      new SwitchRefused({ intent: "promote", deploymentId: targetDeploymentId, reason })
    const reason = promoteRefusal(target, project)
    if (reason !== undefined) return yield* refuse(reason)
    if (live === null) return yield* refuse("no_live_deployment")
    const { deployment: current } = yield* loadDeployment(live)
    if (current.environmentId !== target.environmentId) return yield* refuse("other_environment")
    yield* switchLive({ intent: "promote", target, live })
    return {}
  })
