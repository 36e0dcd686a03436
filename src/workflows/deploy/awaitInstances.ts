import { Clock, Effect, Schema } from "effect"
import { DeploymentStore } from "../../services/DeploymentStore.ts"
import { databaseStep } from "../databaseStep.ts"
import { decideReadiness, healthOf, noReadinessHistory, observePoll, RegionHealth } from "./readiness.ts"

/** The deployment does not run and will not by waiting longer. `reason` names regions and instances, for users. */
export class InstancesFailed extends Schema.TaggedError<InstancesFailed>()("InstancesFailed", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const Poll = Schema.Struct({ at: Schema.Number, regions: Schema.Array(RegionHealth) })

/** Most deployments run within seconds; a slow one should not grow its journal by an entry a second for 15 minutes. */
export const pollDelay = (elapsedMillis: number): number => {
  if (elapsedMillis < 30_000) return 1000
  return elapsedMillis < 120_000 ? 2000 : 5000
}

/**
 * Waits, durably and without holding any key, until the deployment runs by the rule of `decideReadiness`. Answers with
 * the regions that run and those that are still slow.
 */
export const awaitInstances = (deploymentId: string) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const look = Effect.map(
      Effect.all([Clock.currentTimeMillis, deployments.instances(deploymentId)]),
      ([at, regions]) => ({ at, regions: regions.map(healthOf) })
    )
    let startedAt: number | undefined
    let history = noReadinessHistory
    for (;;) {
      const { at, regions } = yield* databaseStep("check-instances", look, { success: Poll })
      startedAt ??= at
      const poll = { regions, elapsed: at - startedAt }
      history = observePoll(history, poll)
      const readiness = decideReadiness(history, poll)
      if (readiness._tag === "Ready") return readiness
      if (readiness._tag === "Failed") return yield* new InstancesFailed({ reason: readiness.reason })
      yield* Effect.sleep(pollDelay(poll.elapsed))
    }
  })
