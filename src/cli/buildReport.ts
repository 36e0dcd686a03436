import type { BuildFacts } from "../operations/build/BuildFacts.ts"
import type { BuildLogLine } from "../operations/build/BuildLog.ts"
import type { BuildRecord } from "../operations/build/BuildRecords.ts"
import type { DeployFacts } from "../operations/deploy/DeployFacts.ts"
import { isoTime } from "../text/isoTime.ts"
import { momentOf } from "./ages.ts"
import { commitLines, nameOf, phaseLines, projectLine, slotLines, waitLines } from "./deploymentLines.ts"
import { commandLines, invocationLines, type Line, labelled, missingLines } from "./factLines.ts"
import { printable } from "./printable.ts"

const longestImage = 330
const longestMessage = 500
const longestLogLine = 200

const stateOf = ({ build, deploy }: BuildFacts): string => {
  if (build !== null) return build.state
  return deploy?.slot?.state === "waiting" ? "queued" : "no record"
}

const heading = (facts: BuildFacts): string => {
  const { attempt, deploy, id } = facts
  const place = attempt === null ? [] : [`build ${attempt} of ${printable(deploy?.id ?? "its deployment", 128)}`]
  const name = deploy?.deployment == null ? [] : [nameOf(deploy.deployment)]
  return [printable(id, 128), stateOf(facts), ...place, ...name].join("  ")
}

const failureLines = ({ failure }: BuildRecord): ReadonlyArray<Line> =>
  failure === null ? [] : [["failed", `${failure.kind}: ${printable(failure.message, longestMessage)}`]]

/** An image that is named by its digest is shown once. */
const imageLines = ({ digest, image }: BuildRecord): ReadonlyArray<Line> => {
  if (image === null) return []
  const exact = digest === null || image.endsWith(digest) ? image : `${image}, ${digest}`
  return [["image", printable(exact, longestImage)]]
}

const progressLine = ({ detail, leaseUntil, state }: BuildRecord, now: number): Line => {
  switch (state) {
    case "running":
      return ["progress", printable(detail, 200)]
    case "lost":
      return ["progress", `its worker has not renewed its lease, which ended ${momentOf(leaseUntil, now)}`]
    default:
      return ["ended", momentOf(leaseUntil, now)]
  }
}

const recordLines = (build: BuildRecord | null, now: number): ReadonlyArray<Line> =>
  build === null
    ? []
    : [
        progressLine(build, now),
        ...failureLines(build),
        ...imageLines(build),
        ...(build.externalBuildId === null ? [] : [["builder id", printable(build.externalBuildId, 255)] as const])
      ]

const isOfBuild = ({ step }: DeployFacts["phases"][number]): boolean => step === "queued" || step === "building"

/** A deploy that has gone on waits for something else. */
const deployLines = (deploy: DeployFacts | null): ReadonlyArray<Line> => {
  if (deploy === null) return []
  const { deployment, invocation, now, phases } = deploy
  const isOpen = phases.some((phase) => isOfBuild(phase) && phase.endedAt === null)
  return [
    ...(deployment === null ? [] : [projectLine(deployment), ...commitLines(deployment)]),
    ...phaseLines({ ...deploy, phases: phases.filter(isOfBuild) }),
    ...slotLines(deploy),
    ...(isOpen ? waitLines(deploy) : []),
    ...invocationLines(invocation, now)
  ]
}

const timeOf = (at: number): string => isoTime(at).slice(-13, -5)

const logLines = (log: ReadonlyArray<BuildLogLine>): ReadonlyArray<Line> =>
  log.map(({ at, text }, index) => [index === 0 ? "log" : "", `${timeOf(at)}  ${printable(text, longestLogLine)}`])

/** The facts as text, one line each. */
export const buildLines = (facts: BuildFacts): ReadonlyArray<string> => [
  heading(facts),
  ...labelled([
    ...recordLines(facts.build, facts.now),
    ...facts.otherBuilds.map(({ id, state }): Line => ["also", `${printable(id, 128)} ${state}`]),
    ...deployLines(facts.deploy),
    ...commandLines(facts.deploy?.commands ?? []),
    ...missingLines(facts.missing),
    ...logLines(facts.log)
  ])
]
