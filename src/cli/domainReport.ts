import type { DomainFacts } from "../operations/domain/DomainFacts.ts"
import type { DomainRecord } from "../operations/domain/DomainRecords.ts"
import type { InvocationDetail } from "../operations/InvocationDetails.ts"
import { momentOf } from "./ages.ts"
import { commandLines, invocationLines, type Line, labelled, missingLines } from "./factLines.ts"
import { printable } from "./printable.ts"

const longestName = 256
const longestReason = 512

const ownerLines = ({ environmentId, projectId, workspaceId }: DomainRecord): ReadonlyArray<Line> => [
  ["owner", [workspaceId, projectId, environmentId].map((id) => printable(id)).join(", ")]
]

const verificationLines = (domain: DomainRecord, now: number): ReadonlyArray<Line> => {
  const { checkAttempts, cnameVerified, lastCheckedAt, ownershipVerified, targetCname, verificationError } = domain
  const checked = lastCheckedAt === null ? "" : `, last ${momentOf(lastCheckedAt, now)}`
  return [
    ["ownership", ownershipVerified ? "verified" : "not verified"],
    ["cname", `${cnameVerified ? "verified" : "not verified"}: ${printable(targetCname, longestName)}`],
    ["checks", `${checkAttempts}${checked}`],
    ...(verificationError === null ? [] : [["problem", printable(verificationError, longestReason)] as const])
  ]
}

const routeText = (deploymentId: string | null): string => {
  if (deploymentId === null) return "none"
  return deploymentId === "" ? "waits for a deployment" : `leads to ${printable(deploymentId, 128)}`
}

const certificateText = (domain: DomainRecord, now: number): string => {
  const { certificateId, certificateStoredAt, challengeExpiresAt, challengeStatus } = domain
  const state = challengeStatus === null ? "not requested" : `challenge ${printable(challengeStatus)}`
  if (certificateId === null) return `none, ${state}`
  const stored = certificateStoredAt === null ? "" : `, stored ${momentOf(certificateStoredAt, now)}`
  const ends =
    challengeStatus === "verified" && challengeExpiresAt !== null
      ? `, valid until ${momentOf(challengeExpiresAt, now)}`
      : ""
  return `${printable(certificateId)}, ${state}${stored}${ends}`
}

const heading = ({ domain, name, now }: DomainFacts): string =>
  [
    printable(name, longestName),
    ...(domain === null ? [] : [printable(domain.verificationStatus), `created ${momentOf(domain.createdAt, now)}`])
  ].join("  ")

/** `waits for` names the time of a delayed message: the next check of a domain, or the next try of an issuance. */
const waitLines = (invocation: InvocationDetail | null, what: string, now: number): ReadonlyArray<Line> =>
  invocation?.status === "scheduled" && invocation.dueAt !== null
    ? [["waits for", `${what}, ${momentOf(invocation.dueAt, now)}`]]
    : []

const report = (facts: DomainFacts, lines: ReadonlyArray<Line>): ReadonlyArray<string> => [
  heading(facts),
  ...labelled([
    ...(facts.domain === null ? [] : ownerLines(facts.domain)),
    ...lines,
    ...commandLines(facts.commands),
    ...missingLines(facts.missing)
  ])
]

/** The verification of a domain as text. */
export const domainLines = (facts: DomainFacts): ReadonlyArray<string> => {
  const { domain, now, verification } = facts
  return report(facts, [
    ...(domain === null
      ? []
      : [
          ...verificationLines(domain, now),
          ["route", routeText(domain.routeDeploymentId)] as const,
          ["certificate", certificateText(domain, now)] as const
        ]),
    ...waitLines(verification, "the next check", now),
    ...invocationLines(verification, now)
  ])
}

/** The certificate of a domain as text. */
export const certificateLines = (facts: DomainFacts): ReadonlyArray<string> => {
  const { domain, issuance, now } = facts
  return report(facts, [
    ...(domain === null ? [] : [["certificate", certificateText(domain, now)] as const]),
    ...(domain?.verificationError == null
      ? []
      : [["problem", printable(domain.verificationError, longestReason)] as const]),
    ...waitLines(issuance, "the next try", now),
    ...invocationLines(issuance, now)
  ])
}
