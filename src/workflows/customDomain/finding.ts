import { shortened } from "../../text/codePoints.ts"

/** Width of `custom_domains.verification_error`, which MySQL counts in code points. */
const maxCodePoints = 512
const maxQuoted = 3
const maxQuotedLength = 80

/** What is wrong and what to do about it, as half a sentence. Null when nothing is. */
export type Finding = string | null

/** Control characters of a record would end up on somebody's screen. */
const printable = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?")

/** The first few of what was found, each short: the text around it must still fit. */
export const quoted = (records: ReadonlyArray<string>): string => {
  const shown = records.slice(0, maxQuoted).map((record) => shortened(printable(record), maxQuotedLength))
  const more = records.length - shown.length
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ")
}

/** Findings as the text of `verification_error`: never empty, at most 512 code points. */
export const problemOf = (findings: ReadonlyArray<string>): string =>
  shortened(printable(findings.join("; ")), maxCodePoints)
