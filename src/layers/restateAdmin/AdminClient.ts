import { HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { Duration, Effect, flow, Option, type Redacted, Schema } from "effect"
import { RestateAdminError } from "../../services/RestateAdmin.ts"
import { shortened } from "../../text/codePoints.ts"

export interface RestateAdminOptions {
  readonly adminUrl: string
  readonly apiKey: Option.Option<Redacted.Redacted>
}

export interface AdminCall<A, I> {
  /** What the call is named in an error. */
  readonly operation: string
  /** A path, without the address. */
  readonly request: HttpClientRequest.HttpClientRequest
  readonly answer: Schema.Schema<A, I>
  readonly timeout: Duration.Duration
}

const maxDetail = 300

/** Restate's own words are shortened: they may quote what was sent. */
export const shorten = (detail: string): string => shortened(detail, maxDetail)

const Failure = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const reasonOf = (status: number): RestateAdminError["reason"] => {
  if (status === 409) return "conflict"
  return status >= 500 || status === 408 || status === 429 ? "unavailable" : "refused"
}

const statusFailure = (operation: string, response: HttpClientResponse.HttpClientResponse) =>
  Effect.gen(function* () {
    const text = yield* Effect.orElseSucceed(response.text, () => "")
    const detail = Option.match(Schema.decodeOption(Failure)(text), {
      onNone: () => "no message",
      onSome: ({ message }) => shorten(message)
    })
    return yield* new RestateAdminError({
      operation,
      reason: reasonOf(response.status),
      status: response.status,
      detail
    })
  })

const transportFailure = (operation: string) => (error: HttpClientError.HttpClientError) =>
  new RestateAdminError({
    operation,
    reason: error._tag === "RequestError" ? "unreachable" : "unexpected-answer",
    detail: error.reason
  })

/** One request to the admin API: every way it can fail becomes the service's error, within the timeout. */
export const call = <A, I>(
  client: HttpClient.HttpClient,
  options: AdminCall<A, I>
): Effect.Effect<A, RestateAdminError> =>
  Effect.gen(function* () {
    const response = yield* client.execute(options.request)
    if (response.status < 200 || response.status > 299) return yield* statusFailure(options.operation, response)
    // An empty body is an answer too: the health endpoint has none.
    const text = yield* response.text
    return yield* Schema.decodeUnknown(Schema.parseJson(options.answer))(text === "" ? "null" : text)
  }).pipe(
    Effect.catchTags({
      RequestError: flow(transportFailure(options.operation), Effect.fail),
      ResponseError: flow(transportFailure(options.operation), Effect.fail),
      ParseError: () =>
        new RestateAdminError({
          operation: options.operation,
          reason: "unexpected-answer",
          detail: "the answer is not what Restate 1.7 sends"
        })
    }),
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

/**
 * Rows of Restate's SQL introspection. A question about invocations goes through all of them, so ask rarely and for few
 * rows.
 */
export const query = <A, I>(
  client: HttpClient.HttpClient,
  options: {
    readonly operation: string
    readonly sql: string
    readonly row: Schema.Schema<A, I>
    readonly timeout: Duration.Duration
  }
): Effect.Effect<ReadonlyArray<A>, RestateAdminError> =>
  Effect.map(
    call(client, {
      operation: options.operation,
      request: HttpClientRequest.post("/query").pipe(HttpClientRequest.bodyUnsafeJson({ query: options.sql })),
      answer: Schema.Struct({ rows: Schema.Array(options.row) }),
      timeout: options.timeout
    }),
    ({ rows }) => rows
  )

/** A client for `call` and `query`. The key travels as a bearer token and stays Redacted until then. */
export const makeAdminClient = (
  options: RestateAdminOptions
): Effect.Effect<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const authorize = Option.match(options.apiKey, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (key) => HttpClientRequest.bearerToken(key)
    })
    const base = options.adminUrl.replace(/\/+$/, "")
    // Most calls are polls of probes and gauges: a span for each would bury the ones worth reading.
    return http.pipe(
      HttpClient.mapRequest(flow(HttpClientRequest.prependUrl(base), HttpClientRequest.acceptJson, authorize)),
      HttpClient.withTracerDisabledWhen(() => true)
    )
  })
