import { Either, Option } from "effect"
import { baseOf, type DomainName, domainName } from "../../names/DomainName.ts"

/** The label of DNS-01 records (RFC 8555, section 8.4). */
const challengeLabel = "_acme-challenge"

/** In characters, without the final dot (RFC 1035, section 2.3.4). */
const longestName = 253

/** Length of a delegated label, which identifies one customer domain: 24 lower-case letters or digits hold 124 bits. */
export const delegatedLabelLength = 24
const delegatedLabel = new RegExp(`^[a-z0-9]{${delegatedLabelLength}}$`)

const isWithin = (name: DomainName, apex: DomainName): boolean => name === apex || name.endsWith(`.${apex}`)

/** The name of the DNS-01 record for this domain; a wildcard is validated at its base name. */
export const challengeName = (domain: string): string => `${challengeLabel}.${domain.replace(/^\*\./, "")}`

/**
 * The name of a TXT record that this worker may write: `_acme-challenge.<name of the platform>`, or `<24
 * characters>.<delegation domain>` for a customer's domain. The two static functions below are the only constructors.
 */
export class ChallengeRecord {
  readonly #name: string
  readonly #zone: string | null

  private constructor(name: string, zone: string | null) {
    this.#name = name
    this.#zone = zone
  }

  /** Lower case, without final dot. */
  get name(): string {
    return this.#name
  }

  /** The only zone that may hold the record. Null: the zone closest above the name. */
  get zone(): string | null {
    return this.#zone
  }

  /** For a host name or wildcard of the platform. Null if it is neither at nor below one of the apexes. */
  static ofPlatform(domain: string, apexes: ReadonlyArray<string>): ChallengeRecord | null {
    const host = Option.getOrNull(Option.map(Either.getRight(domainName(domain)), baseOf))
    const ours = apexes.flatMap((apex) => Option.toArray(Either.getRight(domainName(apex))))
    if (host === null || !ours.some((apex) => isWithin(host, apex))) return null
    return ChallengeRecord.#fitting(challengeName(host), null)
  }

  /** For a customer's domain, identified by its label. Null if the label or the delegation domain is malformed. */
  static delegated(label: string, delegationDomain: string): ChallengeRecord | null {
    const zone = Option.getOrNull(Option.map(Either.getRight(domainName(delegationDomain)), baseOf))
    return zone !== null && delegatedLabel.test(label) ? ChallengeRecord.#fitting(`${label}.${zone}`, zone) : null
  }

  static #fitting(name: string, zone: string | null): ChallengeRecord | null {
    return name.length <= longestName ? new ChallengeRecord(name, zone) : null
  }
}
