import type { DeployFacts } from "../operations/deploy/DeployFacts.ts"
import type { DeploymentRecord } from "../operations/deploy/DeploymentRecords.ts"
import { momentOf } from "./ages.ts"
import { commitLines, nameOf, phaseLines, projectLine, slotLines, waitLines } from "./deploymentLines.ts"
import { commandLines, invocationLines, type Line, labelled, missingLines } from "./factLines.ts"
import { printable } from "./printable.ts"

const longestImage = 256

const heading = ({ deployment, id, now }: DeployFacts): string => {
  if (deployment === null) return printable(id, 128)
  const { createdAt, isLive, status } = deployment
  const age = `created ${momentOf(createdAt, now)}`
  return [printable(id, 128), nameOf(deployment), `${printable(status)}${isLive ? ", live" : ""}`, age].join("  ")
}

const sourceLines = (deployment: DeploymentRecord): ReadonlyArray<Line> => {
  const { buildId, image } = deployment
  return [
    projectLine(deployment),
    ...(image === null ? [] : [["image", printable(image, longestImage)] as const]),
    ...commitLines(deployment),
    ...(buildId === null ? [] : [["build", printable(buildId, 128)] as const])
  ]
}

/** The facts as text, one line each. */
export const deployLines = (facts: DeployFacts): ReadonlyArray<string> => [
  heading(facts),
  ...labelled([
    ...(facts.deployment === null ? [] : sourceLines(facts.deployment)),
    ...phaseLines(facts),
    ...waitLines(facts),
    ...slotLines(facts),
    ...invocationLines(facts.invocation, facts.now),
    ...(facts.otherInvocations.length === 0
      ? []
      : [["also", facts.otherInvocations.map((id) => printable(id)).join(", ")] as const]),
    ...commandLines(facts.commands),
    ...missingLines(facts.missing)
  ])
]
