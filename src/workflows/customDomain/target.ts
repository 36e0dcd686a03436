import type { DomainName } from "../../names/DomainName.ts"
import type { ServerAnswer } from "../../services/DnsResolver.ts"
import { describeSilent, holds, poll, recordsSeen } from "./agreement.ts"
import { type Finding, quoted } from "./finding.ts"

export interface TargetAnswers {
  readonly cname: ReadonlyArray<ServerAnswer>
  /** A and AAAA of the domain and of the target: only asked for when no server knows a CNAME. */
  readonly addresses: ReadonlyArray<ServerAnswer>
  readonly targetAddresses: ReadonlyArray<ServerAnswer>
}

const normal = (name: string): string => name.toLowerCase().replace(/\.$/, "")

/** An apex cannot have a CNAME (RFC 1034, section 3.6.2), so providers copy the target's addresses to it. */
export const needsAddresses = (cname: ReadonlyArray<ServerAnswer>): boolean =>
  cname.some(({ answer }) => answer._tag === "Absent") && cname.every(({ answer }) => answer._tag !== "Found")

/**
 * The domain leads to us when its CNAME names the target, or when it has none and the same addresses as the target on each
 * server, at least one. Both under the rule of `holds`.
 */
export const judgeTarget = (domain: DomainName, target: string, answers: TargetAnswers): Finding => {
  if (needsAddresses(answers.cname)) return judgeAddresses(domain, normal(target), answers)
  const expected = normal(target)
  const cname = poll(answers.cname, ([first = ""]) => normal(first) === expected)
  if (holds(cname)) return null
  const others = recordsSeen(answers.cname).filter((record) => normal(record) !== expected)
  if (others.length > 0) return `the CNAME of ${domain} points to ${quoted(others)}, expected ${expected}`
  if (cname.confirming.length > 0 && cname.denying.length > 0)
    return `the CNAME of ${domain} is not seen by ${cname.denying.join(", ")} yet; changes can take a while to spread`
  return `too few DNS servers answered for the CNAME of ${domain} (${describeSilent(cname.silent)}); check the name servers of the domain`
}

const judgeAddresses = (domain: DomainName, target: string, answers: TargetAnswers): Finding => {
  const { addresses, targetAddresses } = answers
  const ofTarget = new Map(targetAddresses.map(({ answer, server }) => [server, setOf(answer)]))
  const same = poll(addresses, (records, server) => ofTarget.get(server) === JSON.stringify([...records].sort()))
  if (holds(same)) return null
  const own = recordsSeen(addresses)
  const theirs = recordsSeen(targetAddresses)
  if (own.length === 0)
    return same.denying.length > 0
      ? `${domain} has no CNAME record; add one that points to ${target}`
      : `too few DNS servers answered for the addresses of ${domain} (${describeSilent(same.silent)}); check the name servers of the domain`
  if (theirs.length === 0)
    return `${domain} has no CNAME record, and its addresses ${quoted(own)} are not those of ${target}, which has none; add a CNAME that points to ${target}`
  return `${domain} has the addresses ${quoted(own)}, but ${target} has ${quoted(theirs)}; point it there with a CNAME, ALIAS or ANAME record`
}

const setOf = (answer: ServerAnswer["answer"]): string | null =>
  answer._tag === "Found" && answer.records.length > 0 ? JSON.stringify([...answer.records].sort()) : null
