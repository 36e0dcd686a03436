import { Effect, Schema } from "effect"
import { implement, key } from "effect-restate"
import { VersioningService } from "../../contract/VersioningService.ts"
import { RegionStore } from "../../services/deploy/RegionStore.ts"
import { publishChange } from "../compat/publishChange.ts"
import { databaseStep } from "../databaseStep.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { currentVersion, raiseCounter } from "./regionCounter.ts"

/** Handed out in MySQL too, so that no change uses it. A repeated step returns the version of its first run. */
const nextVersion = Effect.gen(function* () {
  const regions = yield* RegionStore
  const region = yield* key
  const candidate = (yield* currentVersion) + 1n
  const version = yield* databaseStep("allocate-version", regions.allocate(region, candidate), {
    output: Schema.BigInt
  })
  yield* raiseCounter(version)
  return { version }
})

/** Key: region. */
export const VersioningWorkflows = implement(
  VersioningService,
  {
    NextVersion: () => nextVersion,
    GetVersion: () => Effect.map(currentVersion, (version) => ({ version })),
    RaiseVersion: ({ version }) => Effect.as(raiseCounter(version), {}),
    PublishChange: publishChange
  },
  { retry: pauseAfterRetries, attributes: requestAttributes() }
)
