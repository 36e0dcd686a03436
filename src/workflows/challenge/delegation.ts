import { Schema } from "effect"
import type { ServerAnswer } from "../../services/dns/DnsResolver.ts"
import { quoted } from "../customDomain/finding.ts"
import { describeFailedQueries, distinctRecords, isConfirmed, tally } from "../customDomain/serverTally.ts"

/**
 * Whether the owner of a wildcard domain has delegated its challenge. `Unanswered`: too few DNS servers gave an answer
 * that counts. A finding says what is wrong and what to do, as a clause without a final full stop.
 */
export const Delegation = Schema.Union(
  Schema.TaggedStruct("Delegated", {}),
  Schema.TaggedStruct("NotDelegated", { finding: Schema.String }),
  Schema.TaggedStruct("Unanswered", { finding: Schema.String })
)
export type Delegation = typeof Delegation.Type

/**
 * The challenge is delegated when the CNAMEs that begin at `name` end at exactly `target`, by the rule of
 * `isConfirmed`. Any other end counts as none, because a wildcard CNAME of the zone answers for every name that is not
 * in it (RFC 4592, section 3.3.1).
 */
export const delegationOf = (name: string, target: string, ends: ReadonlyArray<ServerAnswer>): Delegation => {
  const polled = tally(ends, ([end]) => end === target)
  if (isConfirmed(polled)) return { _tag: "Delegated" }
  if (polled.denying.length === 0)
    return {
      _tag: "Unanswered",
      finding: `DNS did not answer for the CNAME of ${name} (${describeFailedQueries(polled.failed)})`
    }
  const others = distinctRecords(ends).filter((end) => end !== target)
  if (others.length > 0)
    return { _tag: "NotDelegated", finding: `the CNAME of ${name} leads to ${quoted(others)}, expected ${target}` }
  return {
    _tag: "NotDelegated",
    finding:
      polled.confirming.length > 0
        ? `the CNAME of ${name} is not seen by ${polled.denying.join(", ")} yet; changes can take a while to spread`
        : `there is no CNAME record at ${name}; add one that points to ${target}`
  }
}
