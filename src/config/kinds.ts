import { Array as Arr, Duration, Either, LogLevel, Option } from "effect"
import { type DomainName, domainName, isWildcard } from "../names/DomainName.ts"
import { parseImageReference, withoutScheme } from "../names/imageReference.ts"
import type { Kind } from "./Setting.ts"

/** RFC 1035, section 2.3.4, without the final dot. */
const maxNameLength = 253

export const text: Kind<string> = {
  native: "string",
  accepts: "text",
  decode: (value) => Either.right(value.trim())
}

export const nonEmptyText: Kind<string> = {
  native: "string",
  accepts: "text that is not empty",
  decode: (value) => (value.trim() === "" ? Either.left("must not be empty") : Either.right(value.trim()))
}

/** Not trimmed: surrounding space may belong to a secret. */
export const secretText: Kind<string> = {
  native: "string",
  accepts: "text that is not empty, kept to the byte",
  decode: (value) => (value === "" ? Either.left("must not be empty") : Either.right(value))
}

/** Quotes words and numbers only; other values may be misplaced secrets. */
const found = (value: string, looks: RegExp): string => (looks.test(value) ? `, found "${value}"` : "")

const word = /^[a-z][a-z0-9_/-]{0,23}$/i
const number = /^[+-]?\d[\d.a-z]{0,23}$/i

/** Placeholders in the manifests of deploy/. */
const placeholder = /^[a-z0-9_]*REPLACE_WITH_[A-Z_]+$/

/** Text of one form. An invalid value is not quoted, because it may be a secret, unless it is a placeholder. */
export const matching = (pattern: RegExp, accepts: string): Kind<string> => ({
  native: "string",
  accepts,
  decode: (value) =>
    pattern.test(value) ? Either.right(value) : Either.left(`expected ${accepts}${found(value, placeholder)}`)
})

/** One of these words, case-sensitive. */
export const oneOf = <const Word extends string>(...words: Arr.NonEmptyReadonlyArray<Word>): Kind<Word> => {
  const accepts = words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
  return {
    native: "string",
    accepts,
    decode: (value) =>
      Either.fromNullable(
        words.find((known) => known === value),
        () => `expected ${accepts}${found(value, word)}`
      )
  }
}

export const integer = (range: { readonly min: number; readonly max: number }): Kind<number> => {
  const accepts = `an integer from ${range.min} to ${range.max}`
  return {
    native: "number",
    accepts,
    decode: (value) =>
      /^[+-]?\d+$/.test(value) && Number(value) >= range.min && Number(value) <= range.max
        ? Either.right(Number(value))
        : Either.left(`expected ${accepts}${found(value, number)}`)
  }
}

export const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

export const port = integer({ min: 1, max: 65535 })

export const ratio: Kind<number> = {
  native: "number",
  accepts: "a number from 0 to 1",
  decode: (value) =>
    value.trim() !== "" && Number(value) >= 0 && Number(value) <= 1
      ? Either.right(Number(value))
      : Either.left(`expected a number from 0 to 1${found(value, number)}`)
}

export const flag: Kind<boolean> = {
  native: "boolean",
  accepts: "true or false",
  decode: (value) =>
    value === "true" || value === "false"
      ? Either.right(value === "true")
      : Either.left(`expected true or false${found(value, word)}`)
}

const unitMillis: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Go durations: `500ms`, `25s`, `1m30s`. */
export const duration = (range: {
  readonly min: Duration.Duration
  readonly max: Duration.Duration
}): Kind<Duration.Duration> => {
  const accepts = `a duration such as 500ms, 25s or 1m30s, from ${Duration.format(range.min)} to ${Duration.format(range.max)}`
  return {
    native: "string",
    accepts,
    decode: (value) => {
      const expected = Either.left(`expected ${accepts}${found(value, number)}`)
      if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return expected
      const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
      const total = Duration.millis(
        parts.reduce((sum, [, amount = "", unit = ""]) => sum + Number(amount) * (unitMillis[unit] ?? 0), 0)
      )
      return Duration.between(total, { minimum: range.min, maximum: range.max }) ? Either.right(total) : expected
    }
  }
}

/** Secret bytes in base64url (RFC 4648, section 5), with or without padding. */
export const base64UrlSecret: Kind<string> = {
  native: "string",
  accepts: "a key in base64url",
  decode: (value) =>
    /^[A-Za-z0-9_-]+={0,2}$/.test(value.trim())
      ? Either.right(value.trim())
      : Either.left("expected a key in base64url, as the certificate authority gives it out")
}

const levels = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  error: LogLevel.Error
}

const levelNames = `one of ${Object.keys(levels).join(", ")}`

export const logLevel: Kind<LogLevel.LogLevel> = {
  native: "string",
  accepts: levelNames,
  decode: (value) => {
    const level = Object.entries(levels).find(([name]) => name === value.toLowerCase())
    return level === undefined ? Either.left(`expected ${levelNames}${found(value, word)}`) : Either.right(level[1])
  }
}

/** Comma separated in the environment; an empty list is written as the empty string. */
export const list = <A>(element: Kind<A>): Kind<ReadonlyArray<A>> => ({
  native: "list",
  accepts: `a list, each ${element.accepts}`,
  decode: (value) =>
    value.trim() === ""
      ? Either.right([])
      : Either.all(
          value.split(",").map((part, at) =>
            // Identified by position, because the value may not be quoted.
            Either.mapLeft(element.decode(part.trim()), (problem) => `${problem} (entry ${at + 1})`)
          )
        )
})

/** A list that cannot be empty. */
export const oneOrMore = <A>(elements: Kind<ReadonlyArray<A>>): Kind<Arr.NonEmptyReadonlyArray<A>> => ({
  native: elements.native,
  accepts: `${elements.accepts}, at least one`,
  decode: (value) =>
    Either.filterOrLeft(elements.decode(value), Arr.isNonEmptyReadonlyArray, () => "must name at least one")
})

/** A host with an optional path, as the prefix of image references. A scheme is accepted. */
export const imageRegistry: Kind<string> = {
  native: "string",
  accepts: "a registry's host, with a port and a path in lower case where it has them",
  decode: (value) => {
    const given = value.trim()
    if (given === "") return Either.left("must not be empty")
    return Option.isSome(parseImageReference(`${withoutScheme(given)}/image`))
      ? Either.right(given)
      : Either.left("expected a registry's host, with a port and a path in lower case where it has them")
  }
}

/** A normalised host name: trimmed, without the trailing dot. */
export const hostName: Kind<string> = {
  native: "string",
  accepts: "a host name",
  decode: (value) => {
    const name = value.trim().replace(/\.$/, "")
    return /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(name)
      ? Either.right(name)
      : Either.left(name === "" ? "must not be empty" : "expected a host name")
  }
}

/** A domain with room for a label of this length below it. In its canonical spelling. */
export const parentDomain = (labelLength: number): Kind<string> => ({
  native: "string",
  accepts: "a domain name of at least two labels",
  decode: (value) =>
    Either.flatMap(
      Either.mapLeft(domainName(value.trim()), ({ message }) => message),
      (name) =>
        isWildcard(name) || name.length + 1 + labelLength > maxNameLength
          ? Either.left("expected a domain name that leaves room for records below it")
          : Either.right(name)
    )
})

/** A domain of the platform, converted to its canonical spelling. */
export const domain: Kind<DomainName> = {
  native: "string",
  accepts: "a domain name",
  decode: (value) =>
    Either.match(domainName(value.trim()), {
      onLeft: ({ message }) => Either.left(message),
      onRight: (name) => (isWildcard(name) ? Either.left("expected a domain name without *.") : Either.right(name))
    })
}
