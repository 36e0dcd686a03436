import { Either, Option } from "effect"
import { baseOf, type DomainName, domainName } from "../names/DomainName.ts"

/** The label that RFC 8555, section 8.4 puts in front of a name whose challenge is answered in DNS. */
const challengeLabel = "_acme-challenge"

/** In characters, without the final dot (RFC 1035, section 2.3.4). */
const longestName = 253

/** Length of the label that stands for one domain of a customer: 24 lower-case letters or digits hold 124 bits. */
export const delegatedLabelLength = 24
const delegatedLabel = new RegExp(`^[a-z0-9]{${delegatedLabelLength}}$`)

const isWithin = (name: DomainName, apex: DomainName): boolean => name === apex || name.endsWith(`.${apex}`)

/** Where the CA asks for the answer to a challenge for this domain; a wildcard is proven at the name below the asterisk. */
export const challengeName = (domain: string): string => `${challengeLabel}.${domain.replace(/^\*\./, "")}`

/**
 * The name of a TXT record that this worker may write. It has one of two forms: `_acme-challenge.<name of the platform>`, or
 * `<24 characters>.<delegation domain>` for a domain of a customer. The two functions below are the only way to make one.
 */
export class ChallengeRecord {
  readonly #name: string
  readonly #zone: string | null

  private constructor(name: string, zone: string | null) {
    this.#name = name
    this.#zone = zone
  }

  /** As it stands in DNS: lower case, no final dot. */
  get name(): string {
    return this.#name
  }

  /** The name of the only zone that may hold the record. Null: the zone that is closest above the name. */
  get zone(): string | null {
    return this.#zone
  }

  /** For a host name or wildcard of the platform itself. Null when it is neither at nor below one of the apexes. */
  static ofPlatform(domain: string, apexes: ReadonlyArray<string>): ChallengeRecord | null {
    const host = Option.getOrNull(Option.map(Either.getRight(domainName(domain)), baseOf))
    const ours = apexes.flatMap((apex) => Option.toArray(Either.getRight(domainName(apex))))
    if (host === null || !ours.some((apex) => isWithin(host, apex))) return null
    return ChallengeRecord.#fitting(challengeName(host), null)
  }

  /** For a domain of a customer, named by its label. Null when label or domain do not have their form. */
  static delegated(label: string, delegationDomain: string): ChallengeRecord | null {
    const zone = Option.getOrNull(Option.map(Either.getRight(domainName(delegationDomain)), baseOf))
    return zone !== null && delegatedLabel.test(label) ? ChallengeRecord.#fitting(`${label}.${zone}`, zone) : null
  }

  static #fitting(name: string, zone: string | null): ChallengeRecord | null {
    return name.length <= longestName ? new ChallengeRecord(name, zone) : null
  }
}
