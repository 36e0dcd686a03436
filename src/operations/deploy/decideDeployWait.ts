import { Schema, Struct } from "effect"
import { maxInstanceWaitMillis, maxSentinelWaitMillis, maxSlotWaitMillis } from "../../services/deploy/waitLimits.ts"
import { Instant } from "../Instant.ts"
import type { InvocationDetail } from "../InvocationDetails.ts"
import type { DeploymentPhaseRecord, DeploymentRecord, RegionCounts } from "./DeploymentRecords.ts"

/** What a deploy can wait for, in words that follow "waits for". */
const texts = {
  operator: "an operator: the invocation is paused",
  retry: "the next try of a failed step",
  start: "Restate to start the invocation",
  "build slot": "a build slot of the workspace",
  build: "the build",
  instances: "instances",
  sentinel: "a healthy sentinel of the environment",
  routes: "the routes of the project",
  step: "the current step",
  "no invocation": "nothing: Restate has no open invocation for it, so it will not go on by itself"
} as const

/** What a deploy waits for now. */
export const DeployWait = Schema.Struct({
  reason: Schema.Literal(...Struct.keys(texts)),
  text: Schema.String,
  /** When the wait ends at the latest; null if that is not known. */
  until: Schema.NullOr(Instant)
})
export type DeployWait = typeof DeployWait.Type

export const deployWait = (reason: DeployWait["reason"], until: number | null = null): DeployWait => ({
  reason,
  text: texts[reason],
  until
})

export interface DeployWaitInput {
  readonly deployment: DeploymentRecord | null
  readonly phases: ReadonlyArray<DeploymentPhaseRecord>
  readonly regions: ReadonlyArray<RegionCounts>
  readonly invocation: InvocationDetail | null
  readonly isRestateMissing: boolean
}

/** A wait that each of these steps polls for. */
const polls: ReadonlyMap<string, DeployWait["reason"]> = new Map([
  ["check-instances", "instances"],
  ["check-sentinel", "sentinel"],
  ["check-build", "build"],
  ["start-build", "build"]
])

const reasonOfPhase = (phase: string, { invocation, regions }: DeployWaitInput): DeployWait["reason"] => {
  const polled = polls.get(invocation?.lastStep ?? "")
  switch (phase) {
    case "queued":
      return invocation?.waitsFor?._tag === "Step" ? "step" : "build slot"
    case "building":
      return polled ?? "build"
    case "network":
      return "routes"
    default:
      return polled ?? (regions.length === 0 ? "step" : "instances")
  }
}

const limits: ReadonlyMap<DeployWait["reason"], number> = new Map([
  ["build slot", maxSlotWaitMillis],
  ["instances", maxInstanceWaitMillis],
  // Instances are waited for first.
  ["sentinel", maxInstanceWaitMillis + maxSentinelWaitMillis]
])

const byInvocation = (invocation: InvocationDetail): DeployWait | null => {
  switch (invocation.status) {
    case "paused":
      return deployWait("operator")
    case "backing-off":
      return deployWait("retry", invocation.nextRetryAt)
    case "scheduled":
    case "pending":
    case "ready":
      return deployWait("start", invocation.dueAt)
    default:
      return null
  }
}

/** Derives the wait from the open phase, and from the invocation if Restate answered. Null once the deployment is final. */
export const decideDeployWait = (input: DeployWaitInput): DeployWait | null => {
  const { deployment, invocation, isRestateMissing, phases } = input
  if (deployment?.status === "ready" || deployment?.status === "failed") return null
  if (!isRestateMissing && (invocation === null || invocation.status === "completed"))
    return deployment === null ? null : deployWait("no invocation")
  const blocked = invocation === null ? null : byInvocation(invocation)
  if (blocked !== null) return blocked
  const open = phases.find(({ endedAt }) => endedAt === null)
  if (open === undefined) return invocation === null ? null : deployWait("step")
  const reason = reasonOfPhase(open.step, input)
  const limit = limits.get(reason)
  return deployWait(reason, limit === undefined ? null : open.startedAt + limit)
}
