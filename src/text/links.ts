import { firstCodePoints, fitsCodePoints, shortened } from "./codePoints.ts"

/** Characters of RFC 3986, without punctuation that ends a sentence. */
const address = /https:\/\/[\w\-.~:/?#@!$&*+,;=%]*[\w\-~/#&=%]/g

/** The last https URL of a text, where CAs put the page at which an operator has to act. Null if there is none. */
export const lastLink = (text: string): string | null => text.match(address)?.at(-1) ?? null

/**
 * The text, well-formed, in at most `max` code points. A shortened text ends with its last https URL if that fits whole,
 * because a truncated URL is useless; otherwise with "…".
 */
export const shortenedBeforeLink = (text: string, max: number): string => {
  const link = fitsCodePoints(text, max) ? null : lastLink(text)
  if (link === null || link.length + 2 > max) return shortened(text, max)
  return `${firstCodePoints(text.slice(0, text.lastIndexOf(link)), max - link.length - 2)}… ${link}`
}
