/** The label that RFC 8555, section 8.4 puts in front of a name whose challenge is answered in DNS. */
const challengeLabel = "_acme-challenge"

/** One label of a host name: letters, digits and hyphens, none at either end (RFC 1123, section 2.1). */
const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
const hostName = new RegExp(`^${label}(?:\\.${label})*$`)
/** In characters, without the final dot (RFC 1035, section 2.3.4). */
const longestName = 253

/** Length of the label that stands for one domain of a customer: 24 lower-case letters or digits hold 124 bits. */
export const delegatedLabelLength = 24
const delegatedLabel = new RegExp(`^[a-z0-9]{${delegatedLabelLength}}$`)

const isHostName = (name: string): boolean => name.length <= longestName && hostName.test(name)

const isWithin = (name: string, apex: string): boolean => name === apex || name.endsWith(`.${apex}`)

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
    const host = domain.toLowerCase().replace(/^\*\./, "")
    const name = challengeName(host)
    const isOurs = apexes.some((apex) => isHostName(apex.toLowerCase()) && isWithin(host, apex.toLowerCase()))
    return isOurs && isHostName(host) && name.length <= longestName ? new ChallengeRecord(name, null) : null
  }

  /** For a domain of a customer, named by its label. Null when label or domain do not have their form. */
  static delegated(label: string, delegationDomain: string): ChallengeRecord | null {
    const zone = delegationDomain.toLowerCase()
    const name = `${label}.${zone}`
    return delegatedLabel.test(label) && isHostName(zone) && name.length <= longestName
      ? new ChallengeRecord(name, zone)
      : null
  }
}
