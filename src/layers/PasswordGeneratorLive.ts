import { randomBytes } from "node:crypto"
import { Effect, Layer, Redacted } from "effect"
import { PasswordGenerator } from "../services/clickhouseUser/PasswordGenerator.ts"

const classes = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "-_.~"]
const alphabet = classes.join("")
const length = 64

/** The largest multiple of the alphabet's size within a byte: accepting larger bytes would bias the first characters. */
const unbiased = 256 - (256 % alphabet.length)

const randomText = (bytes: (count: number) => Uint8Array): string => {
  let spelled = ""
  while (spelled.length < length) {
    for (const byte of bytes(length)) {
      if (byte < unbiased && spelled.length < length) spelled += alphabet.charAt(byte % alphabet.length)
    }
  }
  return spelled
}

const hasEveryClass = (password: string): boolean =>
  classes.every((each) => [...each].some((character) => password.includes(character)))

/**
 * 64 characters of `A-Z a-z 0-9 - _ . ~` with at least one of each class. All such passwords are equally likely: one that lacks
 * a class (about 1 in 50) is discarded and generated again.
 */
export const passwordFrom = (bytes: (count: number) => Uint8Array): string => {
  let password = randomText(bytes)
  while (!hasEveryClass(password)) password = randomText(bytes)
  return password
}

export const PasswordGeneratorLive: Layer.Layer<PasswordGenerator> = Layer.succeed(
  PasswordGenerator,
  PasswordGenerator.of({ generate: Effect.sync(() => Redacted.make(passwordFrom(randomBytes))) })
)
