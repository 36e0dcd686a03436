import { Effect } from "effect"
import type { Input } from "effect-restate"
import type { DeployService } from "../../contract/DeployService.ts"
import { NotFound, SwitchRefused } from "../../contract/errors.ts"
import type { Deployment } from "../../services/deploy/Deployment.ts"
import { loadDeployment } from "./load.ts"
import { switchLive } from "./switchLive.ts"

type RollbackInput = Input<typeof DeployService, "Rollback">
type Reason = SwitchRefused["reason"]

/**
 * Why traffic may not go from source back to target. The order of the checks is part of the API: callers expect these
 * reasons.
 */
export const rollbackRefusal = (source: Deployment, target: Deployment, live: string | null): Reason | undefined => {
  if (source.environmentId !== target.environmentId) return "other_environment"
  if (source.projectId !== target.projectId) return "other_project"
  if (live === null) return "no_live_deployment"
  if (live !== source.id) return "source_not_live"
  return target.status === "ready" ? undefined : "not_ready"
}

/** Makes an earlier deployment live again. Until a promotion, new deployments do not go live by themselves. */
export const rollback = ({ sourceDeploymentId, targetDeploymentId }: RollbackInput) =>
  Effect.gen(function* () {
    const refuse = (reason: Reason) =>
      new SwitchRefused({ intent: "rollback", deploymentId: targetDeploymentId, reason })
    if (sourceDeploymentId === targetDeploymentId) return yield* refuse("same_deployment")
    const { deployment: source, project } = yield* loadDeployment(sourceDeploymentId)
    const { deployment: target } = yield* loadDeployment(targetDeploymentId)
    const live = project?.liveDeploymentId ?? null
    const reason = rollbackRefusal(source, target, live)
    if (reason === "other_environment" || reason === "other_project") return yield* refuse(reason)
    if (project === null) return yield* new NotFound({ resource: "project", id: source.projectId })
    if (reason !== undefined) return yield* refuse(reason)
    yield* switchLive({ intent: "rollback", target, live: sourceDeploymentId })
    return {}
  })
