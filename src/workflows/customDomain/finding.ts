import { shortened } from "../../text/codePoints.ts"

/** Width of `custom_domains.verification_error`, which MySQL counts in code points. */
const maxCodePoints = 512
const maxQuoted = 3
const maxQuotedLength = 80

/** What is wrong and what to do about it, as a clause; null when nothing is. */
export type Finding = string | null

/** Replaces control characters, because users see the text. */
const printable = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?")

/** The first few records, each shortened, so that the surrounding text fits. */
export const quoted = (records: ReadonlyArray<string>): string => {
  const shown = records.slice(0, maxQuoted).map((record) => shortened(printable(record), maxQuotedLength))
  const more = records.length - shown.length
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ")
}

/** Findings as the text of `verification_error`: never empty, at most 512 code points. */
export const verificationError = (findings: ReadonlyArray<string>): string =>
  shortened(printable(findings.join("; ")), maxCodePoints)
