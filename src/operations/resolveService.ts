import { Either, Schema } from "effect"

/** A name that is no service, or that several services have. */
export class UnknownService extends Schema.TaggedError<UnknownService>()("UnknownService", {
  service: Schema.String,
  suggestions: Schema.Array(Schema.String),
  known: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const { known, service, suggestions } = this
    const question = suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`
    return `there is no service ${service}.${question} Known services: ${known.join(", ")}`
  }
}

const shortName = (name: string): string => name.slice(name.lastIndexOf(".") + 1)

/** Without case and without the suffix, as it is often typed. */
const stem = (name: string): string =>
  shortName(name)
    .toLowerCase()
    .replace(/service$/, "")

/** The full name of a service, given in full or by its last part: `DeployService` or `deploy`. */
export const resolveService = (asked: string, known: ReadonlyArray<string>): Either.Either<string, UnknownService> => {
  const named = known.filter((name) => name === asked || shortName(name) === asked)
  const found = named.length > 0 ? named : known.filter((name) => stem(name) === stem(asked))
  const [only, ...others] = found.includes(asked) ? [asked] : found
  if (only !== undefined && others.length === 0) return Either.right(only)
  const close = known.filter((name) => stem(name).includes(stem(asked)) || stem(asked).includes(stem(name)))
  return Either.left(
    new UnknownService({
      service: asked,
      suggestions: found.length > 1 ? found : close.slice(0, 3),
      known: known.toSorted()
    })
  )
}
