import { createHash } from "node:crypto"

const digits = "0123456789"
const lowerCase = "abcdefghijklmnopqrstuvwxyz"
const labelAlphabet = lowerCase + digits
const idAlphabet = lowerCase.toUpperCase() + labelAlphabet

/** SHA-256 of the parts as one number. JSON keeps the parts apart, so ("a", "bc") and ("ab", "c") differ. */
const digest = (parts: ReadonlyArray<string>): bigint =>
  BigInt(`0x${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`)

/** `length` characters of the alphabet. 256 bits leave no measurable bias for the lengths used here. */
const spell = (value: bigint, alphabet: string, length: number): string => {
  const base = BigInt(alphabet.length)
  let rest = value
  let spelled = ""
  while (spelled.length < length) {
    spelled += alphabet.charAt(Number(rest % base))
    rest /= base
  }
  return spelled
}

/**
 * `<prefix>_` and 8 letters or digits, a function of prefix and seed alone: a repeated step writes the same row. 48 bits, so
 * seed it with what makes the row unique, and let the table's unique key have the last word.
 */
export const resourceId = (prefix: string, ...seed: ReadonlyArray<string>): string =>
  `${prefix}_${spell(digest([prefix, ...seed]), idAlphabet, 8)}`

/** A Kubernetes DNS label, a function of the seed alone: a lower-case letter, then lower-case letters and digits. */
export const dnsLabel = (seed: ReadonlyArray<string>, length = 8): string => {
  const value = digest(["dns label", ...seed])
  const first = BigInt(lowerCase.length)
  return lowerCase.charAt(Number(value % first)) + spell(value / first, labelAlphabet, length - 1)
}

/** `length` lower-case letters or digits that identify the seed: 12 of them hold 62 bits. */
export const fingerprint = (seed: ReadonlyArray<string>, length: number): string =>
  spell(digest(["fingerprint", ...seed]), labelAlphabet, length)

/** A number from `min` to `max`, both included, a function of the seed alone. */
export const numberFrom = (seed: ReadonlyArray<string>, min: number, max: number): number =>
  min + Number(digest(["number", ...seed]) % BigInt(max - min + 1))
