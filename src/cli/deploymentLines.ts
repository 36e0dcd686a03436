import type { SlotPlace } from "../operations/build/BuildSlots.ts"
import type { DeployFacts } from "../operations/deploy/DeployFacts.ts"
import type { DeploymentPhaseRecord, DeploymentRecord } from "../operations/deploy/DeploymentRecords.ts"
import { durationOf, momentOf } from "./ages.ts"
import type { Line } from "./factLines.ts"
import { printable } from "./printable.ts"

/** `deployment_steps.error` has 512 characters. */
const longestReason = 512
const shownHolders = 5

/** Workspace, project and environment, by their slugs. */
export const nameOf = ({
  environmentId,
  environmentSlug,
  projectId,
  projectSlug,
  workspaceId,
  workspaceSlug
}: DeploymentRecord): string =>
  `${printable(workspaceSlug ?? workspaceId)}/${printable(projectSlug ?? projectId)} ${printable(environmentSlug ?? environmentId)}`

const isFinal = (status: string): boolean => status === "ready" || status === "failed"

export const projectLine = (deployment: DeploymentRecord): Line => [
  "project",
  `${printable(deployment.projectId)}, ${printable(deployment.environmentId)}`
]

export const commitLines = ({
  gitBranch,
  gitCommitAuthorHandle,
  gitCommitMessage,
  gitCommitSha
}: DeploymentRecord): ReadonlyArray<Line> => {
  const commit = [
    ...(gitCommitSha === null ? [] : [printable(gitCommitSha, 40)]),
    ...(gitBranch === null ? [] : [`on ${printable(gitBranch)}`]),
    ...(gitCommitAuthorHandle === null ? [] : [`by ${printable(gitCommitAuthorHandle)}`]),
    ...(gitCommitMessage === null ? [] : [`"${printable(gitCommitMessage.split("\n")[0] ?? "", 72)}"`])
  ]
  return commit.length === 0 ? [] : [["commit", commit.join(" ")]]
}

/** A phase that a failed deployment left open, as the Go worker does, has no end. */
const phaseText = ({ endedAt, error, startedAt }: DeploymentPhaseRecord, now: number, isOver: boolean): string => {
  if (endedAt === null) return isOver ? "not ended" : `${durationOf(now - startedAt)} so far`
  const took = durationOf(endedAt - startedAt)
  return error === null ? took : `${took}, failed: ${printable(error, longestReason)}`
}

export const phaseLines = ({ deployment, now, phases }: DeployFacts): ReadonlyArray<Line> =>
  phases.map((phase) => [
    printable(phase.step),
    phaseText(phase, now, deployment !== null && isFinal(deployment.status))
  ])

const holdersText = ({ holders }: SlotPlace): string => {
  const shown = holders.slice(0, shownHolders).map(({ deploymentId }) => printable(deploymentId))
  const more = holders.length - shown.length
  return `${shown.join(", ")}${more === 0 ? "" : ` and ${more} more`}`
}

/** Its place in the queue of build slots. */
export const slotLines = ({ slot }: DeployFacts): ReadonlyArray<Line> => {
  if (slot === null) return []
  const { position, waiting } = slot
  if (position === null) return [["slot", waiting === 0 ? "held" : `held; ${waiting} in the workspace wait for one`]]
  const held = slot.holders.length === 0 ? "" : `; slots are held by ${holdersText(slot)}`
  return [["slot", `place ${position} of ${waiting} in the queue of the workspace${held}`]]
}

const instancesText = ({ regions, waitsFor }: DeployFacts): string => {
  if (waitsFor?.reason !== "instances") return ""
  const counts = regions.map(({ desiredReplicas, failed, region, running }) => {
    const text = `${printable(region)} ${running} of ${desiredReplicas} running`
    return failed === 0 ? text : `${text}, ${failed} failed`
  })
  return counts.length === 0 ? "" : `: ${counts.join("; ")}`
}

const untilText = ({ now, waitsFor }: DeployFacts): string => {
  const { reason, until } = waitsFor ?? { until: null }
  if (until === null) return ""
  return reason === "retry" || reason === "start" ? `, at ${momentOf(until, now)}` : `, until ${momentOf(until, now)}`
}

export const waitLines = (facts: DeployFacts): ReadonlyArray<Line> =>
  facts.waitsFor === null ? [] : [["waits for", `${facts.waitsFor.text}${instancesText(facts)}${untilText(facts)}`]]
