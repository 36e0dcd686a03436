import { Schema } from "effect"
import type { RegionInstances } from "../../services/Deployment.ts"

/** Enough names to find the logs, few enough to read. */
const namedInstances = 3

/** One region in a few bytes, however many instances it has: every poll is journaled. */
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
  /** When the wait ends, whatever runs by then. */
  readonly deadline: number
  /** How long slower regions may hold up a deployment that runs in another one. */
  readonly slowRegionGrace: number
  /** Polls in a row that must see a region failed: one crash during a start is not a verdict. */
  readonly failedPolls: number
}

/** Five polls outlast a container that crashes once; two minutes are an image pull on a new node. */
export const readinessPolicy: ReadinessPolicy = {
  deadline: 15 * 60_000,
  slowRegionGrace: 2 * 60_000,
  failedPolls: 5
}

/** What earlier polls saw that still matters. */
export interface ReadinessHistory {
  /** Polls in a row, up to the last one, that saw the region failed. Regions that were not are absent. */
  readonly failedPolls: ReadonlyMap<string, number>
  /** Since when at least one region has run without a break. */
  readonly runningSince: number | null
}

export const noReadinessHistory: ReadinessHistory = { failedPolls: new Map(), runningSince: null }

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
  failedPolls: new Map(
    regions.filter(isFailed).map(({ region }) => [region, (history.failedPolls.get(region) ?? 0) + 1] as const)
  ),
  runningSince: regions.some(isRunning) ? (history.runningSince ?? elapsed) : null
})

/**
 * Readiness rule, version 1, given the history that includes this poll:
 *
 * 1. Every region runs: ready. A region runs when it has as many running instances as desired.
 * 2. A region has been failed for `failedPolls` polls in a row: failed, with its instances as the reason, also when other
 *    regions run: a broken image should not go live in half of the world. A region is failed while at least one of its
 *    instances is failed and none is running.
 * 3. Some region has run for `slowRegionGrace` without a break, and none is failed: ready, the others are slow.
 * 4. At the deadline: ready when some region runs, else failed.
 *
 * A change of these rules changes which steps a running invocation takes, so it needs a new version of the workflow.
 */
export const decideReadiness = (
  history: ReadinessHistory,
  { regions, elapsed }: ReadinessPoll,
  policy: ReadinessPolicy = readinessPolicy
): Readiness => {
  const running = regions.filter(isRunning).map(({ region }) => region)
  const slow = regions.filter((region) => !isRunning(region))
  const ready: Readiness = { _tag: "Ready", running, slow: slow.map(({ region }) => region) }
  if (slow.length === 0 && running.length > 0) return ready
  const failed = slow.find(({ region }) => (history.failedPolls.get(region) ?? 0) >= policy.failedPolls)
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
