import { Effect, Schema } from "effect"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { maxSentinelWaitMillis } from "../../services/deploy/waitLimits.ts"
import { databaseStep } from "../databaseStep.ts"

/** Milliseconds until the next poll, `elapsed` after the first one. */
const pollInterval = (elapsed: number): number => (elapsed < 60_000 ? 1000 : 5000)

/**
 * Waits at most three minutes for a healthy sentinel of an environment without routes, because frontline sends no
 * traffic through an unhealthy one. Does not wait when the environment has routes: an unhealthy sentinel must not block
 * the deploy that may repair it. Continues with a warning when the time is up.
 */
export const awaitSentinel = (environmentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const checkSentinel = Effect.map(
      deployments.reachability(environmentId),
      ({ hasHealthySentinel, hasRoutes }) => hasHealthySentinel || hasRoutes
    )
    for (let elapsed = 0; elapsed < maxSentinelWaitMillis; elapsed += pollInterval(elapsed)) {
      if (yield* databaseStep("check-sentinel", checkSentinel, { output: Schema.Boolean })) return
      yield* Effect.sleep(pollInterval(elapsed))
    }
    yield* Effect.logWarning("An environment gets routes without a healthy sentinel", { environmentId })
  })
