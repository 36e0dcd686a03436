import { Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { key } from "effect-restate"
import type { VersioningService } from "../../contract/VersioningService.ts"
import { RegionStore } from "../../services/deploy/RegionStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { planChange } from "../versioning/planChange.ts"
import { currentVersion, raiseCounter } from "../versioning/regionCounter.ts"

type PublishInput = Input<typeof VersioningService, "PublishChange">

const sentinelRow = ({ sentinel }: PublishInput) => {
  if (sentinel === undefined) return null
  const { replicas: desiredReplicas, ...row } = sentinel
  return { ...row, desiredReplicas }
}

/** Publishes a change for deploys and timers of an earlier version of this worker, which call it for each region. */
export const publishChange = (input: PublishInput) =>
  Effect.gen(function* () {
    const regions = yield* RegionStore
    const region = yield* key
    const before = yield* currentVersion
    const { workspaceId, projectId, environmentId, deploymentId, now: at } = input
    const change = { topology: input.topology ?? null, sentinel: sentinelRow(input), policies: input.policies }
    const version = yield* databaseStep(
      "publish-change",
      regions
        .transact({ region, workspaceId, projectId, environmentId, deploymentId, at }, (snapshot) =>
          planChange(snapshot, change, before)
        )
        .pipe(Effect.map((plan) => plan.highestVersion)),
      { output: Schema.BigInt }
    )
    yield* raiseCounter(version)
    return { version }
  })
