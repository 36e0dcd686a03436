import { Schema } from "effect"
import type { HealthCheck, RegionInstances } from "../../services/deploy/Deployment.ts"
import { maxInstanceWaitMillis } from "../../services/deploy/waitLimits.ts"

/** Instance names in an error text. */
const namedInstances = 3

/** One region's state. Small however many instances it has, because every poll is journaled. */
export const RegionHealth = Schema.Struct({
  region: Schema.String,
  desiredReplicas: Schema.Number,
  running: Schema.Number,
  failed: Schema.Number,
  /** The first failed instances by name. */
  failedInstances: Schema.Array(Schema.String)
})
export type RegionHealth = typeof RegionHealth.Type

export const healthOf = ({ region, desiredReplicas, instances }: RegionInstances): RegionHealth => {
  const failed = instances.filter(({ status }) => status === "failed").map(({ k8sName }) => k8sName)
  return {
    region,
    desiredReplicas,
    running: instances.filter(({ status }) => status === "running").length,
    failed: failed.length,
    failedInstances: failed.slice(0, namedInstances)
  }
}

/** All durations in milliseconds since the wait began. */
export interface ReadinessPolicy {
  /** When the wait ends in any case. */
  readonly deadline: number
  /** How long slower regions may delay a deployment that runs in another region. */
  readonly slowRegionGrace: number
  /** How long a region may be continuously failed before the deployment fails. */
  readonly failureGrace: number
}

/** Time for an image pull on a new node. */
const slowRegionGrace = 2 * 60_000

/**
 * The policy of one deployment. krane reports a running pod that is not ready yet as failed, once a minute, so a region
 * may be failed for the configured grace, or for as long as the deployment's health check allows: Kubernetes grants a
 * container its initial delay and then `failureThreshold` periods. Bounded by the deadline.
 */
export const readinessPolicyOf = (healthCheck: HealthCheck | null, failureGrace: number): ReadinessPolicy => {
  const { failureThreshold, initialDelaySeconds, intervalSeconds } = healthCheck ?? noHealthCheck
  const allowed = (initialDelaySeconds + failureThreshold * intervalSeconds) * 1000
  return {
    deadline: maxInstanceWaitMillis,
    slowRegionGrace,
    failureGrace: Math.min(Math.max(allowed, failureGrace), maxInstanceWaitMillis)
  }
}

const noHealthCheck: HealthCheck = { initialDelaySeconds: 0, intervalSeconds: 0, failureThreshold: 0 }

/** What the decision needs of earlier polls. */
export interface ReadinessHistory {
  /** Since when each region has been continuously failed. Regions that were not failed in the last poll are absent. */
  readonly failedSince: ReadonlyMap<string, number>
  /** Since when at least one region has continuously run. */
  readonly runningSince: number | null
}

export const noReadinessHistory: ReadinessHistory = { failedSince: new Map(), runningSince: null }

export interface ReadinessPoll {
  readonly regions: ReadonlyArray<RegionHealth>
  readonly elapsed: number
}

export type Readiness =
  | { readonly _tag: "Waiting" }
  | { readonly _tag: "Ready"; readonly running: ReadonlyArray<string>; readonly slow: ReadonlyArray<string> }
  | { readonly _tag: "Failed"; readonly reason: string }

/** The history after a poll: fold it over the polls, starting from `noReadinessHistory`. */
export const observePoll = (history: ReadinessHistory, { regions, elapsed }: ReadinessPoll): ReadinessHistory => ({
  failedSince: new Map(
    regions.filter(isFailed).map(({ region }) => [region, history.failedSince.get(region) ?? elapsed] as const)
  ),
  runningSince: regions.some(isRunning) ? (history.runningSince ?? elapsed) : null
})

/**
 * Readiness rule, version 2, given the history that includes this poll:
 *
 * 1. Every region runs: ready. A region runs when it has as many running instances as desired.
 * 2. A region has been failed for `failureGrace` without a break: failed, with its instances as the reason, also when
 *    other regions run: a broken image should not go live in half of the world. A region is failed while at least one
 *    of its instances is failed and none is running.
 * 3. Some region has run for `slowRegionGrace` without a break, and none is failed: ready, the others are slow.
 * 4. At the deadline: ready when some region runs, else failed.
 *
 * A change of these rules changes the steps of invocations in flight, so it needs a new version of the workflow.
 */
export const decideReadiness = (
  history: ReadinessHistory,
  { regions, elapsed }: ReadinessPoll,
  policy: ReadinessPolicy
): Readiness => {
  const running = regions.filter(isRunning).map(({ region }) => region)
  const slow = regions.filter((region) => !isRunning(region))
  const ready: Readiness = { _tag: "Ready", running, slow: slow.map(({ region }) => region) }
  if (slow.length === 0 && running.length > 0) return ready
  const failed = slow.find(
    ({ region }) => elapsed - (history.failedSince.get(region) ?? elapsed) >= policy.failureGrace
  )
  if (failed !== undefined) return { _tag: "Failed", reason: failedReason(failed) }
  const graceIsOver = history.runningSince !== null && elapsed - history.runningSince >= policy.slowRegionGrace
  if (running.length > 0 && graceIsOver && !slow.some(isFailed)) return ready
  if (elapsed < policy.deadline) return { _tag: "Waiting" }
  return running.length > 0 ? ready : { _tag: "Failed", reason: deadlineReason(slow, policy) }
}

const isRunning = ({ running, desiredReplicas }: RegionHealth): boolean => running >= desiredReplicas

const isFailed = ({ running, failed }: RegionHealth): boolean => failed > 0 && running === 0

const failedReason = ({ region, failed, failedInstances }: RegionHealth): string => {
  const more = failed > failedInstances.length ? ` and ${failed - failedInstances.length} more` : ""
  return `no instance runs in ${region}; failed: ${failedInstances.join(", ")}${more}`
}

const deadlineReason = (regions: ReadonlyArray<RegionHealth>, { deadline }: ReadinessPolicy): string => {
  const counts = regions.map(({ region, desiredReplicas, running, failed }) => {
    const reached = `${region} has ${running} of ${desiredReplicas} running`
    return failed === 0 ? reached : `${reached}, ${failed} failed`
  })
  return `not ready after ${Math.round(deadline / 60_000)} minutes: ${counts.join("; ") || "no region"}`
}
