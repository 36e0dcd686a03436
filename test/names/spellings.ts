import { domainToUnicode } from "node:url"
import fc from "fast-check"

const letterOrDigit = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789")
const inside = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-")
const plainLabel = fc
  .tuple(letterOrDigit, fc.string({ unit: inside, maxLength: 20 }), letterOrDigit)
  .map((parts) => parts.join(""))
  .filter((label) => label.slice(2, 4) !== "--")
/** A-labels of German, Greek, Japanese, Arabic and of an emoji. */
const aLabel = fc.constantFrom("xn--bcher-kva", "xn--hxajbheg2az3al", "xn--r8jz45g", "xn--mgbh0fb", "xn--e28h")
const topLevel = fc.constantFrom("example", "dev", "com", "xn--fiqs8s")

/** Names in canonical form, a quarter of them wildcards. */
export const canonicalNames = fc
  .record({
    wildcard: fc.constantFrom("", "", "", "*."),
    labels: fc.array(fc.oneof({ weight: 3, arbitrary: plainLabel }, aLabel), { minLength: 1, maxLength: 4 }),
    topLevel
  })
  // A digit before right-to-left text is invalid (RFC 5893 section 2).
  .filter(({ labels }) => !labels.includes("xn--mgbh0fb") || labels.every((label) => /^[a-z]/.test(label)))
  .map(({ labels, topLevel, wildcard }) => `${wildcard}${[...labels, topLevel].join(".")}`)

const mixedCase = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => Array.from(name, (letter, at) => (upper[at] === true ? letter.toUpperCase() : letter)).join(""))
const inUnicode = (name: string) =>
  name.startsWith("*.") ? `*.${domainToUnicode(name.slice(2))}` : domainToUnicode(name)
const withFinalDot = (name: string) => fc.constantFrom(name, `${name}.`)
const fullWidth = (name: string) =>
  name.replace(/[a-z0-9]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0))

/** Other spellings of one canonical name: case, final dot, U-labels, decomposed, full width, other full stops. */
export const spellingsOf = (name: string) =>
  fc.oneof(
    mixedCase(name),
    withFinalDot(name),
    fc.constant(inUnicode(name)),
    fc.constant(inUnicode(name).normalize("NFD")),
    fc.constant(name.startsWith("*.") || /xn--/.test(name) ? name : fullWidth(name)),
    fc.constant(name.startsWith("*.") ? name : name.replaceAll(".", "。"))
  )
