import type { DomainName } from "../../names/DomainName.ts"
import { proxyOf } from "../../names/proxies.ts"
import type { ServerAnswer } from "../../services/dns/DnsResolver.ts"
import { type Finding, quoted } from "./finding.ts"
import { describeFailedQueries, distinctRecords, isConfirmed, type ServerTally, tally } from "./serverTally.ts"

export interface TargetAnswers {
  readonly cname: ReadonlyArray<ServerAnswer>
  /** A and AAAA records of the domain and of the target. Like the ends, queried only when the CNAME does not decide. */
  readonly addresses: ReadonlyArray<ServerAnswer>
  readonly targetAddresses: ReadonlyArray<ServerAnswer>
  /** Ends of the CNAME chains of the domain and of the target, from `DnsResolver.canonicalName`. */
  readonly ends?: ReadonlyArray<ServerAnswer>
  readonly targetEnds?: ReadonlyArray<ServerAnswer>
}

const normalized = (name: string): string => name.toLowerCase().replace(/\.$/, "")

const cnameTally = (cname: ReadonlyArray<ServerAnswer>, target: string): ServerTally =>
  tally(cname, ([first = ""]) => normalized(first) === normalized(target))

/** Whether more queries are needed: servers answer, and the CNAME does not name the target on all of them. */
export const needsEvidence = (cname: ReadonlyArray<ServerAnswer>, target: string): boolean =>
  !isConfirmed(cnameTally(cname, target)) && cname.some(({ answer }) => answer._tag !== "Failed")

/** Servers whose answers lead to the target, though the domain's own CNAME does not name it. */
const serversLeadingTo = (
  target: string,
  { addresses, ends = [], targetAddresses, targetEnds = [] }: TargetAnswers
) => {
  const endsOfTarget = new Set([target, ...distinctRecords(targetEnds).map(normalized)])
  const ofTarget = new Set(distinctRecords(targetAddresses))
  const isWithin = (records: ReadonlyArray<string>) =>
    records.length > 0 && records.every((record) => ofTarget.has(record))
  return new Set([
    ...tally(ends, ([last = ""]) => endsOfTarget.has(normalized(last))).confirming,
    ...tally(addresses, isWithin).confirming
  ])
}

/** The tally over the servers. For a server without a CNAME its answer about addresses counts. */
const tallyOf = (target: string, answers: TargetAnswers): ServerTally => {
  const leading = serversLeadingTo(target, answers)
  const addressesFrom = new Map(answers.addresses.map(({ answer, server }) => [server, answer]))
  const decisive = answers.cname.map(({ answer, server }): ServerAnswer => {
    const fallback = answer._tag === "Absent" ? addressesFrom.get(server) : undefined
    return leading.has(server)
      ? { server, answer: { _tag: "Found", records: [target] } }
      : { server, answer: fallback ?? answer }
  })
  return tally(decisive, ([first = ""]) => normalized(first) === target)
}

/**
 * The domain leads to the target when one of these is true on each server, by the rule of `isConfirmed`. None of them
 * proves ownership: `judgeOwnership` does.
 * - Its CNAME names the target.
 * - Its chain of CNAMEs ends at the target, or where the target's own chain ends.
 * - It has addresses, and each of them is one of the target's on any server: an apex cannot have a CNAME (RFC 1034,
 *   section 3.6.2), so providers copy addresses, often of one family only, and load balancers return some at a time.
 *
 * One foreign address denies it: part of the traffic, and perhaps the CA's validation request, goes there.
 */
export const judgeTarget = (domain: DomainName, target: string, answers: TargetAnswers): Finding => {
  const expected = normalized(target)
  const all = tallyOf(expected, answers)
  if (isConfirmed(all)) return null
  const others = distinctRecords(answers.cname).filter((record) => normalized(record) !== expected)
  if (others.length > 0)
    return `the CNAME of ${domain} points to ${quoted(others)}, expected ${expected}${proxyHint(foreignOf(answers))}`
  const isNamedSomewhere = cnameTally(answers.cname, expected).confirming.length > 0
  if (isNamedSomewhere && all.denying.length > 0)
    return `the CNAME of ${domain} is not seen by ${all.denying.join(", ")} yet; changes can take a while to spread`
  if (!isNamedSomewhere && answers.cname.some(({ answer }) => answer._tag === "Absent"))
    return describeAddresses(domain, expected, answers, all)
  return `too few DNS servers answered for the CNAME of ${domain} (${describeFailedQueries(all.failed)}); check the name servers of the domain`
}

/** Addresses of the domain that are not the target's on any server. */
const foreignOf = ({ addresses, targetAddresses }: TargetAnswers): ReadonlyArray<string> => {
  const ofTarget = new Set(distinctRecords(targetAddresses))
  return distinctRecords(addresses).filter((address) => !ofTarget.has(address))
}

const proxyHint = (foreign: ReadonlyArray<string>): string => {
  const proxy = proxyOf(foreign)
  return proxy === null
    ? ""
    : `; it leads to a proxy of ${proxy}, which hides the record: turn the proxy off ("DNS only")`
}

const describeAddresses = (
  domain: DomainName,
  target: string,
  answers: TargetAnswers,
  { denying, failed }: ServerTally
) => {
  const own = distinctRecords(answers.addresses)
  const foreign = foreignOf(answers)
  const theirs = distinctRecords(answers.targetAddresses)
  if (own.length === 0)
    return denying.length > 0
      ? `${domain} has no CNAME record; add one that points to ${target}`
      : `too few DNS servers answered for the addresses of ${domain} (${describeFailedQueries(failed)}); check the name servers of the domain`
  if (theirs.length === 0)
    return `${domain} has no CNAME record, and its addresses ${quoted(own)} are not those of ${target}, which has none; add a CNAME that points to ${target}${proxyHint(own)}`
  if (foreign.length > 0)
    return `${domain} has the addresses ${quoted(foreign)}, but ${target} has ${quoted(theirs)}; point it there with a CNAME, ALIAS or ANAME record${proxyHint(foreign)}`
  return denying.length > 0
    ? `the addresses of ${domain} are not seen by ${denying.join(", ")} yet; changes can take a while to spread`
    : `too few DNS servers answered for the addresses of ${domain} (${describeFailedQueries(failed)}); check the name servers of the domain`
}
