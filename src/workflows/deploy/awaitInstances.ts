import { Clock, Effect, Schema } from "effect"
import type { Deployment } from "../../services/deploy/Deployment.ts"
import { DeploymentStore } from "../../services/deploy/DeploymentStore.ts"
import { DeploySettings } from "../../services/deploy/DeploySettings.ts"
import { logEvent } from "../businessEvents.ts"
import { databaseStep } from "../databaseStep.ts"
import {
  decideReadiness,
  healthOf,
  noReadinessHistory,
  observePoll,
  RegionHealth,
  readinessPolicyOf
} from "./readiness.ts"

/** The deployment does not run, and waiting longer would not help. `reason` names regions and instances, for users. */
export class InstancesFailed extends Schema.TaggedError<InstancesFailed>()("InstancesFailed", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** Milliseconds before the second, third and fourth poll, so that a deployment that starts fast is ready fast. */
const initialDelays = [100, 200, 400]

const Poll = Schema.Struct({ at: Schema.Number, regions: Schema.Array(RegionHealth) })

/** Milliseconds until the next poll. Grows, so that a slow start does not journal an entry a second for 15 minutes. */
export const pollDelay = (elapsedMillis: number): number => {
  if (elapsedMillis < 10_000) return 1000
  return elapsedMillis < 60_000 ? 2000 : 5000
}

const replicasOf = ({ desiredReplicas, region, running }: RegionHealth) => `${region} ${running}/${desiredReplicas}`

/**
 * Waits until the deployment runs by the rules of `decideReadiness`, without holding a key. Answers with the regions
 * that run and those that are still slow.
 */
export const awaitInstances = ({ healthCheck, id: deploymentId }: Pick<Deployment, "healthCheck" | "id">) =>
  Effect.gen(function* () {
    const deployments = yield* DeploymentStore
    const policy = readinessPolicyOf(healthCheck, (yield* DeploySettings).failureGrace)
    const readInstances = Effect.map(
      Effect.all([Clock.currentTimeMillis, deployments.instances(deploymentId)]),
      ([at, regions]) => ({ at, regions: regions.map(healthOf) })
    )
    let startedAt: number | undefined
    let history = noReadinessHistory
    for (let attempt = 1; ; attempt++) {
      const { at, regions } = yield* databaseStep("check-instances", readInstances, { output: Poll })
      startedAt ??= at
      const poll = { regions, elapsed: at - startedAt }
      history = observePoll(history, poll)
      const readiness = decideReadiness(history, poll, policy)
      if (readiness._tag === "Ready") return readiness
      if (readiness._tag === "Failed") return yield* new InstancesFailed({ reason: readiness.reason })
      if (attempt === 1)
        yield* logEvent("deploy.waiting", { waiting_for: "instances", regions: regions.map(replicasOf) })
      yield* Effect.sleep(initialDelays[attempt - 1] ?? pollDelay(poll.elapsed))
    }
  })
