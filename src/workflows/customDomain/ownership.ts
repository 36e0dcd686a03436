import { ownershipName } from "../../names/DnsName.ts"
import type { DomainName } from "../../names/DomainName.ts"
import type { ServerAnswer } from "../../services/dns/DnsResolver.ts"
import { type Finding, quoted } from "./finding.ts"
import { describeFailedQueries, distinctRecords, isConfirmed, tally } from "./serverTally.ts"

/** Value of the ownership record. */
const ownershipRecord = (token: string): string => `unkey-domain-verify=${token}`

export interface OwnershipAnswers {
  readonly resolvers: ReadonlyArray<ServerAnswer>
  readonly authoritative: ReadonlyArray<ServerAnswer>
}

const tallies = (token: string, { authoritative, resolvers }: OwnershipAnswers) => {
  const wanted = ownershipRecord(token).toLowerCase()
  const isWanted = (records: ReadonlyArray<string>) => records.some((record) => record.toLowerCase() === wanted)
  return { resolvers: tally(resolvers, isWanted), authoritative: tally(authoritative, isWanted) }
}

/**
 * The proof of a domain that was verified before. Missing only when no server has the record and at least half of the
 * resolvers answered; servers that disagree or do not answer are no evidence.
 */
export const proofOf = (token: string, answers: OwnershipAnswers): "Proven" | "Missing" | "Unclear" => {
  const { authoritative, resolvers } = tallies(token, answers)
  if (isConfirmed(resolvers) && authoritative.denying.length === 0) return "Proven"
  const isSeen = resolvers.confirming.length + authoritative.confirming.length > 0
  const isDenied = resolvers.denying.length > 0 && resolvers.denying.length >= resolvers.failed.length
  return isDenied && !isSeen ? "Missing" : "Unclear"
}

/**
 * The resolvers must confirm, and no authoritative server may deny: a record that only a cache still has is no longer
 * published. Unreachable authoritative servers do not count, because many networks allow DNS to resolvers only.
 */
export const judgeOwnership = (domain: DomainName, token: string, answers: OwnershipAnswers): Finding => {
  const name = ownershipName(domain)
  const wanted = ownershipRecord(token)
  const { authoritative, resolvers } = tallies(token, answers)
  if (isConfirmed(resolvers) && authoritative.denying.length === 0) return null

  const denying = [...resolvers.denying, ...authoritative.denying]
  const confirming = [...resolvers.confirming, ...authoritative.confirming]
  if (confirming.length > 0 && denying.length > 0)
    return `the TXT record at ${name} is not seen by ${denying.join(", ")} yet; changes can take a while to spread`
  if (denying.length === 0 || resolvers.denying.length + resolvers.confirming.length < resolvers.failed.length)
    return `too few DNS servers answered for the TXT record at ${name} (${describeFailedQueries(resolvers.failed)}); check the name servers of the domain`
  const others = distinctRecords([...answers.resolvers, ...answers.authoritative])
  return others.length === 0
    ? `there is no TXT record at ${name}; add one with the value ${wanted}`
    : `the TXT record at ${name} is ${quoted(others)}, expected ${wanted}`
}
