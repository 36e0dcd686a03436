import { Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { implement, key, stateCell } from "effect-restate"
import { VersioningService } from "../../contract/VersioningService.ts"
import { RegionStore } from "../../services/deploy/RegionStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { planChange } from "./planChange.ts"

type PublishInput = Input<typeof VersioningService, "PublishChange">

/** The highest allocated version, stored as the plain JSON number that the Go worker reads and writes. */
const counter = stateCell("version", Schema.BigIntFromNumber)

/** The counter, or the highest version in the tables when the object has no state. */
const currentVersion = Effect.gen(function* () {
  const stored = yield* counter.get
  if (Option.isSome(stored)) return stored.value
  const regions = yield* RegionStore
  const region = yield* key
  return yield* databaseStep("read-highest-version", regions.maxVersion(region), { output: Schema.BigInt })
})

const nextVersion = Effect.gen(function* () {
  const version = (yield* currentVersion) + 1n
  yield* counter.set(version)
  return { version }
})

/**
 * Versions are allocated and committed in one transaction under the region's key, so that they become visible in order.
 * A retry after a lost acknowledgement finds its rows unchanged and reads the highest version from the tables.
 */
const publishChange = (input: PublishInput) =>
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
    yield* counter.set(version)
    return { version }
  })

const sentinelRow = ({ sentinel }: PublishInput) => {
  if (sentinel === undefined) return null
  const { replicas: desiredReplicas, ...row } = sentinel
  return { ...row, desiredReplicas }
}

/** Key: region. */
export const VersioningWorkflows = implement(
  VersioningService,
  {
    NextVersion: () => nextVersion,
    GetVersion: () => Effect.map(currentVersion, (version) => ({ version })),
    PublishChange: publishChange
  },
  { retry: pauseAfterRetries, attributes: requestAttributes() }
)
