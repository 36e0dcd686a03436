import { Effect, Schema } from "effect"
import { DeploymentStore } from "../../services/DeploymentStore.ts"
import { databaseStep } from "../databaseStep.ts"

/** Milliseconds after the first look. krane calls a sentinel healthy 30 s after it is ready; the rest is an image pull. */
const longestWait = 180_000

/** Milliseconds until the next look, `elapsed` after the first one. */
const pauseAfter = (elapsed: number): number => (elapsed < 60_000 ? 1000 : 5000)

/**
 * Waits, at most three minutes, for the first sentinel of an environment that had no route yet: frontline sends no traffic
 * through a sentinel that is not healthy. An environment that has routes is never waited for: a sentinel that is sick today
 * must not hold up the deploy that may mend it. Without a healthy sentinel the deploy goes on, and says so in the log.
 */
export const awaitSentinel = (environmentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const look = Effect.map(
      deployments.reachability(environmentId),
      ({ hasHealthySentinel, hasRoutes }) => hasHealthySentinel || hasRoutes
    )
    for (let elapsed = 0; elapsed < longestWait; elapsed += pauseAfter(elapsed)) {
      if (yield* databaseStep("check-sentinel", look, { output: Schema.Boolean })) return
      yield* Effect.sleep(pauseAfter(elapsed))
    }
    yield* Effect.logWarning(`environment ${environmentId} gets routes without a healthy sentinel`)
  })
