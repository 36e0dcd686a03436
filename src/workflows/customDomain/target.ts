import type { DomainName } from "../../names/DomainName.ts"
import { proxyOf } from "../../names/proxies.ts"
import type { ServerAnswer } from "../../services/DnsResolver.ts"
import { describeSilent, holds, type Poll, poll, recordsSeen } from "./agreement.ts"
import { type Finding, quoted } from "./finding.ts"

export interface TargetAnswers {
  readonly cname: ReadonlyArray<ServerAnswer>
  /** A and AAAA of the domain and of the target. Like the ends, asked for only where the CNAME does not settle it. */
  readonly addresses: ReadonlyArray<ServerAnswer>
  readonly targetAddresses: ReadonlyArray<ServerAnswer>
  /** Where the chains of CNAMEs of the domain and of the target end, as `DnsResolver.canonicalName` tells. */
  readonly ends?: ReadonlyArray<ServerAnswer>
  readonly targetEnds?: ReadonlyArray<ServerAnswer>
}

const normal = (name: string): string => name.toLowerCase().replace(/\.$/, "")

const configuredHost = (cname: ReadonlyArray<ServerAnswer>, target: string): Poll =>
  poll(cname, ([first = ""]) => normal(first) === normal(target))

/** Whether the CNAME leaves anything to ask: it does not name the target everywhere, and servers do answer. */
export const needsEvidence = (cname: ReadonlyArray<ServerAnswer>, target: string): boolean =>
  !holds(configuredHost(cname, target)) && cname.some(({ answer }) => answer._tag !== "Failed")

/** Servers by which traffic arrives at the target, though the domain's own CNAME does not name it. */
const serversLeadingTo = (
  target: string,
  { addresses, ends = [], targetAddresses, targetEnds = [] }: TargetAnswers
) => {
  const endsOfTarget = new Set([target, ...recordsSeen(targetEnds).map(normal)])
  const ofTarget = new Set(recordsSeen(targetAddresses))
  const isWithin = (records: ReadonlyArray<string>) =>
    records.length > 0 && records.every((record) => ofTarget.has(record))
  return new Set([
    ...poll(ends, ([last = ""]) => endsOfTarget.has(normal(last))).confirming,
    ...poll(addresses, isWithin).confirming
  ])
}

/** What each server makes of the domain. One without a CNAME is as silent as its answer about addresses. */
const pollOf = (target: string, answers: TargetAnswers): Poll => {
  const leading = serversLeadingTo(target, answers)
  const addressesFrom = new Map(answers.addresses.map(({ answer, server }) => [server, answer]))
  const decisive = answers.cname.map(({ answer, server }): ServerAnswer => {
    const fallback = answer._tag === "Absent" ? addressesFrom.get(server) : undefined
    return leading.has(server)
      ? { server, answer: { _tag: "Found", records: [target] } }
      : { server, answer: fallback ?? answer }
  })
  return poll(decisive, ([first = ""]) => normal(first) === target)
}

/**
 * The domain leads to us when on each server, under the rule of `holds`, one of these is so. None of them proves who owns
 * the domain: that is `judgeOwnership`'s.
 * - Its CNAME names the target.
 * - Its chain of CNAMEs ends at the target, or where the target's own chain ends.
 * - It has addresses, and all of them are the target's as any server knows these: an apex cannot have a CNAME (RFC 1034,
 *   section 3.6.2), so providers copy addresses, often of one family only; and balancers show some at a time.
 *
 * One address of another server is enough to deny it: part of the traffic goes there, and maybe the CA's question.
 */
export const judgeTarget = (domain: DomainName, target: string, answers: TargetAnswers): Finding => {
  const expected = normal(target)
  const all = pollOf(expected, answers)
  if (holds(all)) return null
  const others = recordsSeen(answers.cname).filter((record) => normal(record) !== expected)
  if (others.length > 0)
    return `the CNAME of ${domain} points to ${quoted(others)}, expected ${expected}${proxyHint(foreignOf(answers))}`
  const isNamedSomewhere = configuredHost(answers.cname, expected).confirming.length > 0
  if (isNamedSomewhere && all.denying.length > 0)
    return `the CNAME of ${domain} is not seen by ${all.denying.join(", ")} yet; changes can take a while to spread`
  if (!isNamedSomewhere && answers.cname.some(({ answer }) => answer._tag === "Absent"))
    return describeAddresses(domain, expected, answers, all)
  return `too few DNS servers answered for the CNAME of ${domain} (${describeSilent(all.silent)}); check the name servers of the domain`
}

/** Addresses of the domain that no server knows as the target's. */
const foreignOf = ({ addresses, targetAddresses }: TargetAnswers): ReadonlyArray<string> => {
  const ofTarget = new Set(recordsSeen(targetAddresses))
  return recordsSeen(addresses).filter((address) => !ofTarget.has(address))
}

const proxyHint = (foreign: ReadonlyArray<string>): string => {
  const proxy = proxyOf(foreign)
  return proxy === null
    ? ""
    : `; it leads to a proxy of ${proxy}, which hides the record: turn the proxy off ("DNS only")`
}

const describeAddresses = (domain: DomainName, target: string, answers: TargetAnswers, { denying, silent }: Poll) => {
  const own = recordsSeen(answers.addresses)
  const foreign = foreignOf(answers)
  const theirs = recordsSeen(answers.targetAddresses)
  if (own.length === 0)
    return denying.length > 0
      ? `${domain} has no CNAME record; add one that points to ${target}`
      : `too few DNS servers answered for the addresses of ${domain} (${describeSilent(silent)}); check the name servers of the domain`
  if (theirs.length === 0)
    return `${domain} has no CNAME record, and its addresses ${quoted(own)} are not those of ${target}, which has none; add a CNAME that points to ${target}${proxyHint(own)}`
  if (foreign.length > 0)
    return `${domain} has the addresses ${quoted(foreign)}, but ${target} has ${quoted(theirs)}; point it there with a CNAME, ALIAS or ANAME record${proxyHint(foreign)}`
  return denying.length > 0
    ? `the addresses of ${domain} are not seen by ${denying.join(", ")} yet; changes can take a while to spread`
    : `too few DNS servers answered for the addresses of ${domain} (${describeSilent(silent)}); check the name servers of the domain`
}
