import type { DeployFacts } from "../operations/deploy/DeployFacts.ts"
import type { DeploymentPhaseRecord, DeploymentRecord } from "../operations/deploy/DeploymentRecords.ts"
import type { DeployWait } from "../operations/deploy/decideDeployWait.ts"
import { durationOf, momentOf } from "./ages.ts"
import { commandLines, invocationLines, type Line, labelled, missingLines } from "./factLines.ts"
import { printable } from "./printable.ts"

/** `deployment_steps.error` has 512 characters. */
const longestReason = 512
const longestImage = 256

const nameOf = ({
  environmentId,
  environmentSlug,
  projectId,
  projectSlug,
  workspaceId,
  workspaceSlug
}: DeploymentRecord): string =>
  `${printable(workspaceSlug ?? workspaceId)}/${printable(projectSlug ?? projectId)} ${printable(environmentSlug ?? environmentId)}`

const isFinal = (status: string): boolean => status === "ready" || status === "failed"

const heading = ({ deployment, id, now }: DeployFacts): string => {
  if (deployment === null) return printable(id, 128)
  const { createdAt, isLive, status } = deployment
  const age = `created ${momentOf(createdAt, now)}`
  return [printable(id, 128), nameOf(deployment), `${printable(status)}${isLive ? ", live" : ""}`, age].join("  ")
}

const sourceLines = (deployment: DeploymentRecord): ReadonlyArray<Line> => {
  const { buildId, gitBranch, gitCommitAuthorHandle, gitCommitMessage, gitCommitSha, image } = deployment
  const commit = [
    ...(gitCommitSha === null ? [] : [printable(gitCommitSha, 40)]),
    ...(gitBranch === null ? [] : [`on ${printable(gitBranch)}`]),
    ...(gitCommitAuthorHandle === null ? [] : [`by ${printable(gitCommitAuthorHandle)}`]),
    ...(gitCommitMessage === null ? [] : [`"${printable(gitCommitMessage.split("\n")[0] ?? "", 72)}"`])
  ]
  return [
    ["project", `${printable(deployment.projectId)}, ${printable(deployment.environmentId)}`],
    ...(image === null ? [] : [["image", printable(image, longestImage)] as const]),
    ...(commit.length === 0 ? [] : [["commit", commit.join(" ")] as const]),
    ...(buildId === null ? [] : [["build", printable(buildId, 128)] as const])
  ]
}

/** A phase that a failed deployment left open, as the Go worker does, has no end. */
const phaseText = ({ endedAt, error, startedAt }: DeploymentPhaseRecord, now: number, isOver: boolean): string => {
  if (endedAt === null) return isOver ? "not ended" : `${durationOf(now - startedAt)} so far`
  const took = durationOf(endedAt - startedAt)
  return error === null ? took : `${took}, failed: ${printable(error, longestReason)}`
}

const phaseLines = ({ deployment, now, phases }: DeployFacts): ReadonlyArray<Line> =>
  phases.map((phase) => [
    printable(phase.step),
    phaseText(phase, now, deployment !== null && isFinal(deployment.status))
  ])

const waitTexts: Readonly<Record<DeployWait["reason"], string>> = {
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

const waitLines = (facts: DeployFacts): ReadonlyArray<Line> =>
  facts.waitsFor === null
    ? []
    : [["waits for", `${waitTexts[facts.waitsFor.reason]}${instancesText(facts)}${untilText(facts)}`]]

/** The facts as text, one line each. */
export const deployLines = (facts: DeployFacts): ReadonlyArray<string> => [
  heading(facts),
  ...labelled([
    ...(facts.deployment === null ? [] : sourceLines(facts.deployment)),
    ...phaseLines(facts),
    ...waitLines(facts),
    ...invocationLines(facts.invocation, facts.now),
    ...(facts.otherInvocations.length === 0
      ? []
      : [["also", facts.otherInvocations.map((id) => printable(id)).join(", ")] as const]),
    ...commandLines(facts.commands),
    ...missingLines(facts.missing)
  ])
]
