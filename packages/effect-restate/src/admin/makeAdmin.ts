import { Array as Arr, Effect, Option, Schema } from "effect"
import { clipped } from "../contract/clipped.ts"
import { exchangeWith, exposed, type HttpAnswer, type HttpOptions, type HttpRequest } from "../http/exchange.ts"
import { UnreadableAnswer } from "../http/UnreadableAnswer.ts"
import type { AdminClient, AdminFailure, Registration, ResumeOn } from "./AdminClient.ts"
import { AdminConflict, AdminNotFound, AdminRefused, AdminUnavailable } from "./AdminError.ts"
import { Deployment, RegisteredDeployment, RegisteredService } from "./Deployment.ts"
import { InvocationInfo } from "./InvocationInfo.ts"
import { invocationQuery, invocationsQuery } from "./sql.ts"

/** A list of deployments has no pages, and a row may quote an error. */
const defaultMaxAnswerBytes = 16 * 1024 * 1024
/** Restate's own message is shortened: it may quote what was sent. */
const maxReasonCharacters = 300

const Refusal = Schema.parseJson(
  Schema.Struct({ message: Schema.String, restate_code: Schema.optionalWith(Schema.String, { nullable: true }) })
)

const textOf = ({ bytes }: HttpAnswer): string => new TextDecoder().decode(bytes)
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const decodedAs =
  <A, I>(schema: Schema.Schema<A, I>) =>
  (answer: HttpAnswer): Effect.Effect<A, UnreadableAnswer> =>
    Effect.mapError(
      // Restate's answer about its health is empty.
      Schema.decode(Schema.parseJson(schema))(textOf(answer) || "null"),
      () => new UnreadableAnswer({ url: answer.url, problem: "the answer is not what Restate 1.7 sends" })
    )

type Refused = AdminUnavailable | AdminNotFound | AdminConflict | AdminRefused

/** Statuses by which Restate says that something is in the way which is there already: 425 of an invocation that has not begun. */
const conflicts = [409, 425]
/** Statuses of a request that may be repeated, beside 5xx. */
const passing = [408, 429]

const refusalOf = (answer: HttpAnswer): Refused => {
  const { status, url } = answer
  // What is not Restate's may repeat anything of the request, also its headers.
  const unknown = { message: "no message", restate_code: undefined }
  const said = Option.getOrElse(Schema.decodeOption(Refusal)(textOf(answer)), () => unknown)
  const reason = clipped(said.message, maxReasonCharacters)
  const code = said.restate_code === undefined ? {} : { code: said.restate_code }
  if (status >= 500 || passing.includes(status)) return new AdminUnavailable({ url, reason, status })
  if (status === 404) return new AdminNotFound({ url, reason })
  return conflicts.includes(status)
    ? new AdminConflict({ url, status, reason, ...code })
    : new AdminRefused({ url, status, reason, ...code })
}

/** For questions about what is there anyway: an address without the admin API, or a proxy before it, refuses them. */
const unexpected = (error: Refused | UnreadableAnswer): AdminFailure => {
  if (error._tag === "AdminNotFound") return new AdminRefused({ url: error.url, status: 404, reason: error.reason })
  if (error._tag === "AdminConflict")
    return new AdminRefused({ url: error.url, status: error.status, reason: error.reason })
  return error
}

/** The client whose requests go through one bounded exchange. */
export const makeAdmin = (options: HttpOptions): AdminClient => {
  const exchange = exchangeWith({ maxAnswerBytes: defaultMaxAnswerBytes, ...options })
  const ask = (request: HttpRequest): Effect.Effect<HttpAnswer, Refused | UnreadableAnswer> =>
    exchange(request).pipe(
      Effect.catchTags({
        NoAnswer: ({ cause, reason, url }) =>
          new AdminUnavailable({ url, reason, ...(cause === undefined ? {} : { cause }) }),
        AnswerTooLarge: ({ maxBytes, url }) =>
          new UnreadableAnswer({ url, problem: `the answer has more than ${maxBytes} bytes` })
      }),
      Effect.filterOrFail(({ status }) => status >= 200 && status < 300, refusalOf)
    )
  const read = <A, I>(path: string, schema: Schema.Schema<A, I>) =>
    ask({ method: "GET", path }).pipe(Effect.mapError(unexpected), Effect.flatMap(decodedAs(schema)))
  const query = <A, I>(sql: string, row: Schema.Schema<A, I>) =>
    ask({ method: "POST", path: "query", body: json({ query: sql }) }).pipe(
      Effect.mapError(unexpected),
      Effect.flatMap(decodedAs(Schema.Struct({ rows: Schema.Array(row) }))),
      Effect.map(({ rows }) => rows)
    )
  const order = (id: string, what: string) =>
    Effect.asVoid(ask({ method: "PATCH", path: `invocations/${encodeURIComponent(id)}/${what}` }))
  return {
    query,
    invocations: (filter = {}) => query(invocationsQuery(filter), InvocationInfo),
    invocation: (id) => Effect.map(query(invocationQuery(id), InvocationInfo), Arr.head),
    cancel: (id) => order(id, "cancel"),
    kill: (id) => order(id, "kill"),
    pause: (id) => order(id, "pause"),
    resume: (id, on = "keep") => order(id, `resume${resumeQuery(on)}`),
    purge: (id) => order(id, "purge"),
    deployments: Effect.map(
      read("deployments", Schema.Struct({ deployments: Schema.Array(Deployment) })),
      ({ deployments }) => deployments
    ),
    services: Effect.map(
      read("services", Schema.Struct({ services: Schema.Array(RegisteredService) })),
      ({ services }) => services
    ),
    health: Effect.asVoid(read("health", Schema.Unknown)),
    version: Effect.map(read("version", Schema.Struct({ version: Schema.String })), ({ version }) => version),
    register: (registration) =>
      Effect.flatMap(
        ask({ method: "POST", path: "deployments", body: json(registrationOf(registration)) }),
        decodedAs(RegisteredDeployment)
      ),
    removeDeployment: (id) =>
      Effect.asVoid(ask({ method: "DELETE", path: `deployments/${encodeURIComponent(id)}?force=true` }))
  }
}

/** Restate keeps the deployment when none is named, and refuses to name one for an invocation that has none yet. */
const resumeQuery = (on: ResumeOn): string => {
  if (on === "keep") return ""
  return `?deployment=${on === "latest" ? on : encodeURIComponent(on.deploymentId)}`
}

const registrationOf = ({ breaking = false, force = false, headers, uri, useHttp11 = false }: Registration) => ({
  uri,
  force,
  ...(breaking ? { breaking } : {}),
  ...(useHttp11 ? { use_http_11: true } : {}),
  ...(headers === undefined ? {} : { additional_headers: exposed(headers) })
})
