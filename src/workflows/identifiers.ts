import { createHash } from "node:crypto"

const digits = "0123456789"
const lowerCase = "abcdefghijklmnopqrstuvwxyz"
const labelAlphabet = lowerCase + digits
const idAlphabet = lowerCase.toUpperCase() + labelAlphabet

/** SHA-256 of the parts as one number. Encoded as JSON, so that ("a", "bc") and ("ab", "c") differ. */
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
 * Tenants choose parts of many seeds, so a collision under a unique key must not be found by trying: with 16 letters or
 * digits, two colliding seeds take 2^47 hashes and a seed for a given id more than 2^80.
 */
const length = 16

/**
 * `<prefix>_` and 16 letters or digits (95 bits), a function of prefix and seed alone: a repeated step writes the same
 * row. Seed it with what makes the row unique. Look up an existing row by those fields, never by its id: earlier ids
 * have 8 characters.
 */
export const resourceId = (prefix: string, ...seed: ReadonlyArray<string>): string =>
  `${prefix}_${spell(digest([prefix, ...seed]), idAlphabet, length)}`

/** A Kubernetes DNS label of 16 characters (82 bits), a function of the seed alone: a lower-case letter, then lower-case letters and digits. */
export const dnsLabel = (seed: ReadonlyArray<string>): string => {
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
