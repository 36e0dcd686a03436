import { Clock, Effect, Option, Schema } from "effect"
import type { DbFailure } from "../../services/Db.ts"
import { type Deployment, DesiredStateChange } from "../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../services/deploy/DeploySettings.ts"
import { databaseStep } from "../databaseStep.ts"
import { publishChanges } from "../versioning/publishChanges.ts"
import { networkPolicies } from "./networkPolicy.ts"
import type { RegionReplicas } from "./regions.ts"
import { desiredSentinel } from "./sentinel.ts"

export interface Placement {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly k8sNamespace: string
  readonly regions: ReadonlyArray<RegionReplicas>
}

const ownerOf = ({ id, workspaceId, projectId, environmentId }: Deployment) => ({
  deploymentId: id,
  workspaceId,
  projectId,
  environmentId
})

/** Makes the deployment, its policies and its sentinel visible to krane, region by region. */
export const publish = ({ deployment, environmentSlug, k8sNamespace, regions }: Placement) =>
  Effect.gen(function* () {
    const { sentinelImage: image } = yield* DeploySettings
    const at = yield* Clock.currentTimeMillis
    const owner = ownerOf(deployment)
    yield* publishChanges(
      regions.map(({ region, replicas }) => ({
        request: { ...owner, region, at },
        change: {
          topology: { replicas, desiredStatus: "starting" },
          sentinel: desiredSentinel({ ...owner, environmentSlug, region, image }),
          policies: networkPolicies({
            ...owner,
            deploymentK8sName: deployment.k8sName,
            k8sNamespace,
            region,
            port: deployment.port
          })
        }
      }))
    )
  })

/** Results of stopping a deployment. `ready`: another delivery of the same deploy succeeded. */
const Stopped = Schema.Union(DesiredStateChange, Schema.Literal("ready"))

/**
 * Stops the deployment unless it is ready: then another delivery of the same deploy succeeded, and nothing is to be
 * removed.
 */
const stop = (deploymentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const change = { deploymentId, desiredState: "standby", at } as const
    return yield* databaseStep(
      "stop-deployment",
      Effect.flatMap(deployments.find(deploymentId), (found): Effect.Effect<typeof Stopped.Type, DbFailure> => {
        const isReady = Option.exists(found, ({ deployment }) => deployment.status === "ready")
        return isReady ? Effect.succeed("ready") : deployments.changeDesiredState(change)
      }),
      { output: Stopped }
    )
  })

/**
 * Stops a deployment in one region. A region that refuses keeps its row for an operator and does not block the others.
 */
const withdraw = (deployment: Deployment, region: string, at: number) =>
  publishChanges([
    {
      request: { ...ownerOf(deployment), region, at },
      change: { topology: { replicas: 0, desiredStatus: "stopped" }, sentinel: null, policies: [] }
    }
  ]).pipe(
    // An operator may have cancelled the called invocation: retry.
    Effect.retry({ times: 2, while: ({ _tag }) => _tag === "CallFailed" }),
    Effect.catchAll(({ message }) =>
      Effect.logError("A deployment cannot be removed from a region", { region, problem: message })
    )
  )

/**
 * Removes a failed deployment from krane. A no-op where it was never published; does nothing once it is live. If the
 * database refuses the read, nothing is stopped.
 */
export const unpublish = ({ deployment, regions }: Pick<Placement, "deployment" | "regions">) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const stopped = yield* stop(deployment.id)
    if (stopped === "live" || stopped === "ready") return
    yield* Effect.forEach(regions, ({ region }) => withdraw(deployment, region, now), { discard: true })
  }).pipe(
    Effect.catchAll(({ message }) =>
      Effect.logError("A deployment cannot be removed from its regions", { problem: message })
    )
  )
