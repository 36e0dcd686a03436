import { HttpServerResponse } from "@effect/platform"
import { Effect, Schema } from "effect"
import { ErrorAnswer } from "../api/Answer.ts"

const Status = Schema.Literal(400, 401, 403, 404, 405, 413, 415, 429, 500, 503)

/** An answer of the API that is not the data. Its text holds no secret. */
export class ApiProblem extends Schema.TaggedError<ApiProblem>()("ApiProblem", {
  status: Status,
  error: Schema.String,
  suggestions: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
}) {
  override get message(): string {
    return this.error
  }
}

const encode = Schema.encodeSync(ErrorAnswer)

/** When to ask again, in seconds. */
const retryAfter: Partial<Readonly<Record<typeof Status.Type, string>>> = { 429: "60", 503: "1" }

/** The problem as JSON. */
export const problemAnswer = ({ error, status, suggestions }: ApiProblem): HttpServerResponse.HttpServerResponse => {
  const wait = retryAfter[status]
  return HttpServerResponse.unsafeJson(encode({ error, suggestions }), {
    status,
    ...(wait === undefined ? {} : { headers: { "retry-after": wait } })
  })
}

export const answerProblem = (problem: ApiProblem) => Effect.succeed(problemAnswer(problem))
