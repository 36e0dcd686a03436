import { Effect, Schema } from "effect"
import { DeploymentStore } from "../../services/DeploymentStore.ts"
import { databaseStep } from "../databaseStep.ts"

/** Frontline sends no traffic through a sentinel that is not healthy. A first sentinel starts within seconds. */
const looks = 15
const pause = "1 second"

/**
 * Waits a moment for a healthy sentinel of the environment, so that the first routes of a new environment do not lead
 * nowhere. Goes on without one after 15 s: a sick sentinel must not hold up every deploy behind it. True when there is one.
 */
export const awaitSentinel = (environmentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const look = Effect.map(deployments.healthySentinelRegions(environmentId), (regions) => regions.length > 0)
    for (let made = 1; made <= looks; made++) {
      if (yield* databaseStep("check-sentinel", look, { success: Schema.Boolean })) return true
      yield* Effect.sleep(pause)
    }
    return false
  })
