import { Clock, Effect, Option, Schema } from "effect"
import { VersioningService } from "../../contract/VersioningService.ts"
import { call } from "../../restate/Messaging.ts"
import { step } from "../../restate/Step.ts"
import type { DbError } from "../../services/Db.ts"
import { type Deployment, DesiredStateChange } from "../../services/Deployment.ts"
import { DeploymentStore } from "../../services/DeploymentStore.ts"
import { DeploySettings } from "../../services/DeploySettings.ts"
import { networkPolicies } from "./networkPolicy.ts"
import type { RegionReplicas } from "./regions.ts"
import { sentinelOf } from "./sentinel.ts"

export interface Placement {
  readonly deployment: Deployment
  readonly environmentSlug: string
  readonly k8sNamespace: string
  readonly regions: ReadonlyArray<RegionReplicas>
}

/** Regions are published beside each other; each call is one short transaction under its region's key. */
const regionsAtOnce = 8

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
    const now = yield* Clock.currentTimeMillis
    const owner = ownerOf(deployment)
    yield* Effect.forEach(
      regions,
      ({ region, replicas }) => {
        const { desiredReplicas, ...sentinel } = sentinelOf({ ...owner, environmentSlug, region, image })
        const policies = networkPolicies({
          ...owner,
          deploymentK8sName: deployment.k8sName,
          k8sNamespace,
          region,
          port: deployment.port
        })
        return call(VersioningService, region, "PublishChange", {
          ...owner,
          k8sNamespace,
          topology: { replicas, desiredStatus: "starting" },
          sentinel: { ...sentinel, replicas: desiredReplicas },
          policies,
          now
        })
      },
      { concurrency: regionsAtOnce, discard: true }
    )
  })

/** What stopping a deployment may come to besides a change of its desired state: another run of the same deploy won. */
const Stopped = Schema.Union(DesiredStateChange, Schema.Literal("ready"))

/** Unless it is ready: then another delivery of the same deploy has succeeded, and nothing has to be taken back. */
const stop = (deploymentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const at = yield* Clock.currentTimeMillis
    const change = { deploymentId, desiredState: "standby", at } as const
    return yield* step(
      "stop-deployment",
      Effect.flatMap(deployments.find(deploymentId), (found): Effect.Effect<typeof Stopped.Type, DbError> => {
        const isReady = Option.exists(found, ({ deployment }) => deployment.status === "ready")
        return isReady ? Effect.succeed("ready") : deployments.changeDesiredState(change)
      }),
      { success: Stopped }
    )
  })

/** Takes a failed deployment back from krane. Harmless where it was never published, and refused once it is live. */
export const unpublish = ({ deployment, regions }: Pick<Placement, "deployment" | "regions">) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const stopped = yield* stop(deployment.id)
    if (stopped === "live" || stopped === "ready") return
    const topology = { replicas: 0, desiredStatus: "stopped" } as const
    yield* Effect.forEach(
      regions,
      ({ region }) =>
        // An undo cannot give up: a region that cannot be reached now is retried under the service's policy.
        Effect.orDie(
          call(VersioningService, region, "PublishChange", {
            ...ownerOf(deployment),
            k8sNamespace: "",
            topology,
            policies: [],
            now
          })
        ),
      { discard: true }
    )
  })
