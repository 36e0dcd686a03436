import { isIP } from "node:net"
import { domainToASCII, domainToUnicode } from "node:url"
import { type Brand, Either, ParseResult, Schema } from "effect"
import { isPublicSuffix } from "./publicSuffix.ts"

const refusals = {
  empty: "it is empty",
  too_long: "it has more than 253 octets in its ASCII form",
  character: "it may have letters, digits, hyphens and dots only",
  underscore: "host names have no underscore",
  wildcard: "the only wildcard is a first label that is * and nothing else",
  unicode: "it has a character, or a combination of characters, that internationalized names may not have",
  empty_label: "it has an empty label",
  label_too_long: "a label has more than 63 octets in its ASCII form",
  hyphen: "a label begins or ends with a hyphen",
  reserved_label: "a label has hyphens in third and fourth place and is not internationalized",
  punycode: "a label begins with xn-- and is not the ASCII form of any text",
  ip_address: "it is an IP address",
  too_few_labels: "it is not below a top-level domain",
  public_suffix: "it is a public suffix: a domain below which others register theirs",
  unprovable: "it is so long that the records that prove it have no valid name",
  platform_zone: "it belongs to the platform itself"
} as const

/** The last two apply to tenants' names only: see `tenantDomainName`. */
export type DomainNameProblem = keyof typeof refusals
// Object.keys is typed string[]; these are the keys of the table above.
export const domainNameProblems = Object.keys(refusals) as [DomainNameProblem, ...Array<DomainNameProblem>]

/** The reason why a text is not a domain name. The text itself, of any length and content, is not included. */
export class InvalidDomainName extends Schema.TaggedError<InvalidDomainName>()("DomainNameRefused", {
  problem: Schema.Literal(...domainNameProblems)
}) {
  override get message(): string {
    return `not a domain name that can be served: ${refusals[this.problem]}`
  }
}

/** A host name or wildcard in canonical spelling: see `domainName`. */
export type DomainName = string & Brand.Brand<"DomainName">

type Checked = Either.Either<string, DomainNameProblem>

/** RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters. */
const maxOctets = 253
const maxLabelOctets = 63
/** Maximum input length in code units. The widest column has 256 code points. */
const maxRead = 512
const wildcard = "*."

const isAscii = (text: string): boolean => !/\P{ASCII}/u.test(text)
const hasPunycode = (name: string): boolean => /(^|\.)xn--/.test(name)

/** Rejects ASCII characters outside of host names, such as `%` and `/`, before a URL parser interprets them. */
const characterProblem = (host: string): DomainNameProblem | null => {
  const others = host.replace(/[A-Za-z0-9.-]|\P{ASCII}/gu, "")
  if (others === "") return null
  if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return "ip_address"
  if (/^\*+$/.test(others)) return "wildcard"
  return /^_+$/.test(others) ? "underscore" : "character"
}

/** UTS #46, non-transitional, as browsers and Node's resolver apply it. Node returns an empty string for invalid input. */
const toAscii = (host: string): Checked => {
  if (isAscii(host)) return Either.right(host.toLowerCase())
  const ascii = domainToASCII(host)
  return ascii === "" ? Either.left("unicode") : Either.right(ascii)
}

/** RFC 5890 section 2.3.1 and RFC 1123 section 2.1; a CA refuses reserved labels as well. */
const labelProblem = (label: string): DomainNameProblem | null => {
  if (label === "") return "empty_label"
  if (label.length > maxLabelOctets) return "label_too_long"
  if (!/^[a-z0-9-]+$/.test(label)) return "character"
  if (label.startsWith("-") || label.endsWith("-")) return "hyphen"
  return label.slice(2, 4) === "--" && !label.startsWith("xn--") ? "reserved_label" : null
}

/**
 * RFC 5891 section 5.4: an A-label must equal the encoding of its own U-label. Checked on whole names, because of the Bidi
 * rule.
 */
const isRoundTrip = (name: string): boolean => {
  const unicode = domainToUnicode(name)
  return !hasPunycode(unicode) && domainToASCII(unicode) === name
}

/** Top-level domains are never numeric; URL parsers treat a name as an IP address by its last label (WHATWG URL, 3.5). */
const isAddress = (labels: ReadonlyArray<string>): boolean => /^([0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")

const hostProblem = (host: string): DomainNameProblem | null => {
  const labels = host.split(".")
  const problem = labels.map(labelProblem).find((found) => found !== null)
  if (problem !== undefined) return problem
  if (isAddress(labels)) return "ip_address"
  if (labels.length < 2) return "too_few_labels"
  if (hasPunycode(host) && !isRoundTrip(host)) return "punycode"
  return isPublicSuffix(host, "icann") ? "public_suffix" : null
}

const canonical = (text: string): Checked =>
  Either.gen(function* () {
    if (text === "") return yield* Either.left("empty" as const)
    if (text.length > maxRead) return yield* Either.left("too_long" as const)
    const prefix = text.startsWith(wildcard) ? wildcard : ""
    const given = text.slice(prefix.length)
    const forbidden = characterProblem(given)
    if (forbidden !== null) return yield* Either.left(forbidden)
    const host = (yield* toAscii(given)).replace(/\.$/, "")
    const problem = hostProblem(host)
    if (problem !== null) return yield* Either.left(problem)
    const name = `${prefix}${host}`
    return name.length > maxOctets ? yield* Either.left("too_long" as const) : name
  })

/**
 * The canonical spelling of a domain name, shared by all its spellings: A-labels (RFC 5890), that is lower-case letters, digits
 * and hyphens, 1 to 63 octets each and 253 in all; no final dot; `*.` before a wildcard. At least two labels, not an IP
 * address, and not a suffix under which registries sell names. Two spellings denote the same name exactly if these are equal.
 */
export const domainName = (text: string): Either.Either<DomainName, InvalidDomainName> =>
  Either.mapBoth(canonical(text), {
    onLeft: (problem) => new InvalidDomainName({ problem }),
    // The only place that applies the brand.
    onRight: (name) => name as DomainName
  })

const CanonicalName: Schema.Schema<DomainName, string> = Schema.String.pipe(
  Schema.filter((text): text is DomainName => Either.getOrNull(domainName(text)) === text)
)

/**
 * A domain name in a message, a journal or state: read in any spelling, written in the canonical one. Errors do not contain the
 * text.
 */
export const DomainName: Schema.Schema<DomainName, string> = Schema.transformOrFail(Schema.String, CanonicalName, {
  strict: true,
  decode: (text, _options, ast) =>
    Either.mapLeft(domainName(text), ({ message }) => new ParseResult.Type(ast, text, message)),
  encode: (name) => ParseResult.succeed(name)
}).annotations({
  title: "DomainName",
  jsonSchema: { type: "string", minLength: 1, maxLength: 512 }
})

export const isWildcard = (name: DomainName): boolean => name.startsWith(wildcard)

/** The base name of a wildcard; any other name unchanged. */
export const baseOf = (name: DomainName): DomainName =>
  // The part after `*.` was validated with it.
  (isWildcard(name) ? name.slice(wildcard.length) : name) as DomainName

/** The name in Unicode: U-labels. */
export const unicodeOf = (name: DomainName): string =>
  isWildcard(name) ? `${wildcard}${domainToUnicode(baseOf(name))}` : domainToUnicode(name)

/** The wildcard directly below a name. Fails if the name is too long or is a wildcard itself. */
export const wildcardOf = (name: DomainName): Either.Either<DomainName, InvalidDomainName> =>
  domainName(`${wildcard}${name}`)
