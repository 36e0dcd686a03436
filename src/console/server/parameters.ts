import { HttpRouter, HttpServerRequest } from "@effect/platform"
import { Effect, ParseResult, Schema } from "effect"
import { ApiProblem } from "./ApiProblem.ts"

/** A filter's text: an id, a key or a name. */
export const Text = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(256))

const Limit = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 200))

/** The parameters of every list. `after` is the `next` of the page before. */
export const pageParameters = {
  after: Schema.optional(Schema.String.pipe(Schema.pattern(/^[\w.:~-]{1,128}$/))),
  limit: Schema.optionalWith(Limit, { default: () => 50 })
}

const invalid = (error: ParseResult.ParseError): ApiProblem => {
  const names = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path }) => path.join("."))
  return new ApiProblem({ status: 400, error: `not valid: ${[...new Set(names)].join(", ")}` })
}

/** The query of the request. Others and empty ones are ignored. */
export const queryOf = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return Effect.gen(function* () {
    const { url } = yield* HttpServerRequest.HttpServerRequest
    const given = [...(URL.parse(url, "http://console")?.searchParams ?? [])].filter(([, value]) => value !== "")
    return yield* Effect.mapError(decode(Object.fromEntries(given)), invalid)
  })
}

const isText = Schema.decodeUnknown(Text)

/** A part of the path. */
export const pathParameter = (name: string) =>
  Effect.gen(function* () {
    const { [name]: value } = yield* HttpRouter.params
    return yield* Effect.mapError(isText(value), () => new ApiProblem({ status: 400, error: `not valid: ${name}` }))
  })
