import { HttpClientRequest } from "@effect/platform"
import { Duration, Effect, flow, Option, type Redacted, Schema, type Scope } from "effect"
import { RestateAdminError } from "../../services/RestateAdmin.ts"
import { shortened } from "../../text/codePoints.ts"
import { restateAdmin } from "../outbound/bounds.ts"
import type { OutboundResponse } from "../outbound/exchange.ts"
import { type OutboundError, reasonOf as reasonOfOutbound, statusOf } from "../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../outbound/OutboundHttp.ts"

export interface RestateAdminOptions {
  readonly adminUrl: string
  readonly apiKey: Option.Option<Redacted.Redacted>
}

export interface AdminCall<A, I> {
  /** The call's name in errors. */
  readonly operation: string
  /** The request, with a path relative to the admin URL. */
  readonly request: HttpClientRequest.HttpClientRequest
  readonly answer: Schema.Schema<A, I>
  readonly timeout: Duration.Duration
}

const maxDetail = 300

/** Shortens Restate's messages, which may quote the request. */
export const shorten = (detail: string): string => shortened(detail, maxDetail)

const Failure = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const reasonOf = (status: number): RestateAdminError["reason"] => {
  if (status === 409) return "conflict"
  return status >= 500 || status === 408 || status === 429 ? "unavailable" : "refused"
}

const statusFailure = (operation: string, { status, text }: OutboundResponse) =>
  new RestateAdminError({
    operation,
    reason: reasonOf(status),
    status,
    detail: Option.match(Schema.decodeOption(Failure)(text), {
      onNone: () => "no message",
      onSome: ({ message }) => shorten(message)
    })
  })

const transportFailure = (operation: string) => (error: OutboundError) =>
  new RestateAdminError({
    operation,
    reason: reasonOfOutbound(error),
    ...statusOf(error),
    detail: error.message
  })

/** One request to the admin API. Every failure becomes a RestateAdminError, within the timeout. */
export const call = <A, I>(send: OutboundHttp, options: AdminCall<A, I>): Effect.Effect<A, RestateAdminError> =>
  Effect.gen(function* () {
    const answer = yield* Effect.mapError(send(options.request), transportFailure(options.operation))
    const { status, text } = answer
    if (status < 200 || status > 299) return yield* statusFailure(options.operation, answer)
    // An empty body is valid: the health endpoint has none.
    return yield* Schema.decodeUnknown(Schema.parseJson(options.answer))(text === "" ? "null" : text)
  }).pipe(
    Effect.catchTag(
      "ParseError",
      () =>
        new RestateAdminError({
          operation: options.operation,
          reason: "unexpected-answer",
          detail: "the answer is not what Restate 1.7 sends"
        })
    ),
    Effect.timeoutFail({
      duration: options.timeout,
      onTimeout: () =>
        new RestateAdminError({
          operation: options.operation,
          reason: "timeout",
          detail: `no answer within ${Duration.format(options.timeout)}`
        })
    })
  )

/** Queries Restate's SQL introspection. A query on invocations scans all of them, so query rarely and for few rows. */
export const query = <A, I>(
  send: OutboundHttp,
  options: {
    readonly operation: string
    readonly sql: string
    readonly row: Schema.Schema<A, I>
    readonly timeout: Duration.Duration
  }
): Effect.Effect<ReadonlyArray<A>, RestateAdminError> =>
  Effect.map(
    call(send, {
      operation: options.operation,
      request: HttpClientRequest.post("/query").pipe(HttpClientRequest.bodyUnsafeJson({ query: options.sql })),
      answer: Schema.Struct({ rows: Schema.Array(options.row) }),
      timeout: options.timeout
    }),
    ({ rows }) => rows
  )

/** A client for `call` and `query`. The API key stays Redacted until it is sent as a bearer token. */
export const makeAdminClient = (options: RestateAdminOptions): Effect.Effect<OutboundHttp, never, Scope.Scope> =>
  Effect.map(openOutbound({ bounds: restateAdmin }), (outbound) => {
    const authorize = Option.match(options.apiKey, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (key) => HttpClientRequest.bearerToken(key)
    })
    const base = options.adminUrl.replace(/\/+$/, "")
    return flow(HttpClientRequest.prependUrl(base), HttpClientRequest.acceptJson, authorize, outbound)
  })
