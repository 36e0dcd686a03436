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

/**
 * The resolvers must agree, and no authoritative server may deny: what only a cache still holds is no longer published.
 * Authoritative servers that cannot be reached do not count, because many networks let only resolvers through.
 */
export const judgeOwnership = (domain: DomainName, token: string, answers: OwnershipAnswers): Finding => {
  const name = ownershipName(domain)
  const wanted = ownershipRecord(token)
  const isWanted = (record: string) => record.toLowerCase() === wanted.toLowerCase()
  const resolvers = poll(answers.resolvers, (records) => records.some(isWanted))
  const authoritative = poll(answers.authoritative, (records) => records.some(isWanted))
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
