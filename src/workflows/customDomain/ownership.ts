import { ownershipName } from "../../names/DnsName.ts"
import type { DomainName } from "../../names/DomainName.ts"
import type { ServerAnswer } from "../../services/DnsResolver.ts"
import { describeSilent, holds, poll, recordsSeen } from "./agreement.ts"
import { type Finding, quoted } from "./finding.ts"

/** What they publish there. */
const ownershipRecord = (token: string): string => `unkey-domain-verify=${token}`

export interface OwnershipAnswers {
  readonly resolvers: ReadonlyArray<ServerAnswer>
  readonly authoritative: ReadonlyArray<ServerAnswer>
}

const polls = (token: string, { authoritative, resolvers }: OwnershipAnswers) => {
  const wanted = ownershipRecord(token).toLowerCase()
  const isWanted = (records: ReadonlyArray<string>) => records.some((record) => record.toLowerCase() === wanted)
  return { resolvers: poll(resolvers, isWanted), authoritative: poll(authoritative, isWanted) }
}

/**
 * What the answers say about a domain that was proven before. Missing only when no server has the record and at least half of
 * the resolvers answered: servers that disagree, or do not answer, are evidence of nothing.
 */
export const proofOf = (token: string, answers: OwnershipAnswers): "Proven" | "Missing" | "Unclear" => {
  const { authoritative, resolvers } = polls(token, answers)
  if (holds(resolvers) && authoritative.denying.length === 0) return "Proven"
  const isSeen = resolvers.confirming.length + authoritative.confirming.length > 0
  const isDenied = resolvers.denying.length > 0 && resolvers.denying.length >= resolvers.silent.length
  return isDenied && !isSeen ? "Missing" : "Unclear"
}

/**
 * The resolvers must agree, and no authoritative server may deny: what only a cache still holds is no longer published.
 * Authoritative servers that cannot be reached do not count, because many networks let only resolvers through.
 */
export const judgeOwnership = (domain: DomainName, token: string, answers: OwnershipAnswers): Finding => {
  const name = ownershipName(domain)
  const wanted = ownershipRecord(token)
  const { authoritative, resolvers } = polls(token, answers)
  if (holds(resolvers) && authoritative.denying.length === 0) return null

  const denying = [...resolvers.denying, ...authoritative.denying]
  const confirming = [...resolvers.confirming, ...authoritative.confirming]
  if (confirming.length > 0 && denying.length > 0)
    return `the TXT record at ${name} is not seen by ${denying.join(", ")} yet; changes can take a while to spread`
  if (denying.length === 0 || resolvers.denying.length + resolvers.confirming.length < resolvers.silent.length)
    return `too few DNS servers answered for the TXT record at ${name} (${describeSilent(resolvers.silent)}); check the name servers of the domain`
  const others = recordsSeen([...answers.resolvers, ...answers.authoritative])
  return others.length === 0
    ? `there is no TXT record at ${name}; add one with the value ${wanted}`
    : `the TXT record at ${name} is ${quoted(others)}, expected ${wanted}`
}
