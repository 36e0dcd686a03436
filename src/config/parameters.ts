import { Either, Option } from "effect"

/** Query parameters of an address by normalised name. */
export type Parameters = ReadonlyMap<string, string>

/** Only names are quoted: in a malformed address this part may be a piece of the password. */
const asName = (name: string): string => (/^[A-Za-z][\w.-]{0,40}$/.test(name) ? `the parameter ${name}` : "a parameter")

/**
 * Reads the parameters of an address. Refuses unknown parameters by name, because an ignored one may be what made the
 * connection safe, and a second value of the same parameter.
 */
export const readParameters = (
  query: string,
  isKnown: (name: string) => boolean
): Either.Either<Parameters, string> => {
  const read = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (!isKnown(name)) return Either.left(`has ${asName(name)}, which is not known here`)
    if (read.has(name)) return Either.left(`has ${asName(name)} more than once`)
    read.set(name, value)
  }
  return Either.right(read)
}

/** The spellings of Go's strconv.ParseBool, which address parameters of Go's drivers are read with, in any case. */
const truths: Readonly<Record<string, boolean>> = { "1": true, t: true, true: true, "0": false, f: false, false: false }

/** None when the parameter is absent. */
export const flagParameter = (parameters: Parameters, name: string): Either.Either<Option.Option<boolean>, string> => {
  const value = parameters.get(name)
  if (value === undefined) return Either.right(Option.none())
  const truth = truths[value.toLowerCase()]
  return truth === undefined
    ? Either.left(`the parameter ${name} must be true or false`)
    : Either.right(Option.some(truth))
}
