import { firstCodePoints, fitsCodePoints, shortened } from "./codePoints.ts"

/** Characters of RFC 3986. The punctuation that ends a sentence is no part of an address that stands there. */
const address = /https:\/\/[\w\-.~:/?#@!$&*+,;=%]*[\w\-~/#&=%]/g

/** The last https address of a text, where authors put the page at which a person has to act. Null when it has none. */
export const lastLink = (text: string): string | null => text.match(address)?.at(-1) ?? null

/**
 * The text, well-formed, in at most `max` code points. A shortened one ends with its last https address, whole, as long as
 * that fits: half an address is of no use. Otherwise it ends with "…".
 */
export const shortenedBeforeLink = (text: string, max: number): string => {
  const link = fitsCodePoints(text, max) ? null : lastLink(text)
  if (link === null || link.length + 2 > max) return shortened(text, max)
  return `${firstCodePoints(text.slice(0, text.lastIndexOf(link)), max - link.length - 2)}… ${link}`
}
