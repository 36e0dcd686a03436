import { Either, Option } from "effect"

/** What an address says in its query, by the names of its parameters as they are compared. */
export type Parameters = ReadonlyMap<string, string>

/** Only what looks like a name may be quoted: of a malformed address this part may be a piece of its password. */
const asName = (name: string): string => (/^[A-Za-z][\w.-]{0,40}$/.test(name) ? `the parameter ${name}` : "a parameter")

/**
 * Reads the parameters of an address. A parameter that is not known is refused by its name: one that is dropped in silence
 * may have been what made the connection safe. So is a second value of the same parameter.
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
