import { type Brand, Option } from "effect"
import { baseOf, type DomainName } from "./DomainName.ts"

/**
 * A name that DNS is asked about: labels of lower-case letters, digits, hyphens and underscores, or `*`. No character of it means
 * anything to a resolver but itself, so the question on the wire is for exactly this name.
 */
export type DnsName = string & Brand.Brand<"DnsName">

const label = /^([a-z0-9_-]{1,63}|\*)$/
/** RFC 1035 section 2.3.4. */
const maxOctets = 253

const fits = (name: string): name is DnsName =>
  name.length <= maxOctets && name.split(".").every((part) => label.test(part))

/** For names that a zone or a provider gives, in any case and with or without final dot. None for what cannot be asked safely. */
export const dnsName = (text: string): Option.Option<DnsName> =>
  Option.liftPredicate(fits)(text.toLowerCase().replace(/\.$/, ""))

// Domain names have labels of the same alphabet; a name that is too long is one that DNS says does not exist.
const below = (prefix: string, name: string) => `${prefix}${name}` as DnsName

/** Where owners publish that a domain is theirs. */
export const ownershipName = (name: DomainName): DnsName => below("_unkey.", name)

/** Where a CA looks for the proof of a name and of the wildcard below it (RFC 8555 section 8.4). */
export const acmeChallengeName = (name: DomainName): DnsName => below("_acme-challenge.", baseOf(name))

/** Whether DNS can hold the name. */
export const isAskable = (name: DnsName): boolean => name.length <= maxOctets
