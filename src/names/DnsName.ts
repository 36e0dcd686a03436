import { type Brand, Option } from "effect"
import { baseOf, type DomainName } from "./DomainName.ts"

/**
 * A name for DNS queries: labels of lower-case letters, digits, hyphens and underscores, or `*`. No character has a special
 * meaning for a resolver, so the query is for exactly this name.
 */
export type DnsName = string & Brand.Brand<"DnsName">

const label = /^([a-z0-9_-]{1,63}|\*)$/
/** RFC 1035 section 2.3.4. */
const maxOctets = 253

const fits = (name: string): name is DnsName =>
  name.length <= maxOctets && name.split(".").every((part) => label.test(part))

/** Parses a name from a zone or provider, in any case, with or without final dot. None if it is not safe to query. */
export const dnsName = (text: string): Option.Option<DnsName> =>
  Option.liftPredicate(fits)(text.toLowerCase().replace(/\.$/, ""))

// Domain names have labels of the same alphabet; a name that is too long does not exist in DNS.
const below = (prefix: string, name: string) => `${prefix}${name}` as DnsName

/** The TXT record that proves ownership of a domain. */
export const ownershipName = (name: DomainName): DnsName => below("_unkey.", name)

/** The DNS-01 record of a name and of the wildcard below it (RFC 8555 section 8.4). */
export const acmeChallengeName = (name: DomainName): DnsName => below("_acme-challenge.", baseOf(name))

/** Whether the name fits DNS's length limit. */
export const fitsDns = (name: DnsName): boolean => name.length <= maxOctets
