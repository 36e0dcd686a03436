import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "@effect/platform"
import { Array as Arr, Duration, Effect, flow, Layer, Option, type Redacted, Schedule, Schema } from "effect"
import { type Registration, RestateAdmin, RestateAdminError, unknownHandlers } from "../services/RestateAdmin.ts"

export interface RestateAdminOptions {
  readonly adminUrl: string
  readonly apiKey: Option.Option<Redacted.Redacted>
}

// Registration makes Restate call us back to discover handlers, so it may take as long as a slow start.
const registerTimeout = Duration.seconds(30)
const queryTimeout = Duration.seconds(5)
const maxDetail = 300

// A worker and its Restate often start together: 45 s is enough for either to come up before a restart is the better answer.
const registerRetry = Schedule.intersect(Schedule.spaced(Duration.seconds(5)), Schedule.recurs(9))

const Deployment = Schema.Struct({
  id: Schema.String,
  services: Schema.Array(
    Schema.Struct({ name: Schema.String, handlers: Schema.Array(Schema.Struct({ name: Schema.String })) })
  )
})
const Deployments = Schema.Struct({
  deployments: Schema.Array(Schema.Struct({ id: Schema.String, uri: Schema.optional(Schema.String) }))
})
const PausedRows = Schema.Struct({
  rows: Schema.Array(Schema.Struct({ service: Schema.String, paused: Schema.Number }))
})
const Version = Schema.Struct({ version: Schema.String })
const Failure = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const pausedQuery =
  "SELECT target_service_name AS service, COUNT(*) AS paused FROM sys_invocation WHERE status = 'paused' GROUP BY target_service_name"

const reasonOf = (status: number): RestateAdminError["reason"] => {
  if (status === 409) return "conflict"
  return status >= 500 || status === 408 || status === 429 ? "unavailable" : "refused"
}

const statusFailure = (operation: string, response: HttpClientResponse.HttpClientResponse) =>
  Effect.gen(function* () {
    const text = yield* Effect.orElseSucceed(response.text, () => "")
    const detail = Option.match(Schema.decodeOption(Failure)(text), {
      onNone: () => "no message",
      onSome: ({ message }) => message.slice(0, maxDetail)
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
const call = <A, I>(
  client: HttpClient.HttpClient,
  options: {
    readonly operation: string
    readonly request: HttpClientRequest.HttpClientRequest
    readonly answer: Schema.Schema<A, I>
    readonly timeout: Duration.Duration
  }
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

/** Restate answers with a trailing slash where it was registered without one. */
const sameUri = (a: string, b: string): boolean => a.replace(/\/+$/, "") === b.replace(/\/+$/, "")

const registerOnce = (client: HttpClient.HttpClient, { uri, force, handlers = [] }: Registration) =>
  Effect.gen(function* () {
    const { id, services } = yield* call(client, {
      operation: "register",
      request: HttpClientRequest.post("/deployments").pipe(HttpClientRequest.bodyUnsafeJson({ uri, force })),
      answer: Deployment,
      timeout: registerTimeout
    })
    const known = Arr.flatMap(services, (service) =>
      service.handlers.map((handler) => `${service.name}/${handler.name}`)
    )
    const unknown = unknownHandlers(handlers, known)
    return Arr.isNonEmptyReadonlyArray(unknown)
      ? yield* new RestateAdminError({
          operation: "register",
          reason: "stale",
          detail: `the URI is registered with an older list of handlers, without ${unknown.join(", ")}`.slice(
            0,
            maxDetail
          )
        })
      : { id, handlers: known }
  })

const make = (options: RestateAdminOptions) =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const authorize = Option.match(options.apiKey, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (key) => HttpClientRequest.bearerToken(key)
    })
    const base = options.adminUrl.replace(/\/+$/, "")
    // Most calls are polls of probes and gauges: a span for each would bury the ones worth reading.
    const client = http.pipe(
      HttpClient.mapRequest(flow(HttpClientRequest.prependUrl(base), HttpClientRequest.acceptJson, authorize)),
      HttpClient.withTracerDisabledWhen(() => true)
    )
    return RestateAdmin.of({
      register: Effect.fn("RestateAdmin.register")((registration) =>
        registerOnce(client, registration).pipe(
          Effect.tapError((error) =>
            Effect.when(
              Effect.logWarning("Registration with Restate will be tried again", { problem: error.message }),
              () => error.class === "retry"
            )
          ),
          Effect.retry({ schedule: registerRetry, while: (error) => error.class === "retry" })
        )
      ),
      isRegistered: (uri) =>
        Effect.map(
          call(client, {
            operation: "list deployments",
            request: HttpClientRequest.get("/deployments"),
            answer: Deployments,
            timeout: queryTimeout
          }),
          ({ deployments }) => deployments.some((deployment) => sameUri(deployment.uri ?? "", uri))
        ),
      pausedInvocations: Effect.map(
        call(client, {
          operation: "query paused invocations",
          request: HttpClientRequest.post("/query").pipe(HttpClientRequest.bodyUnsafeJson({ query: pausedQuery })),
          answer: PausedRows,
          timeout: queryTimeout
        }),
        ({ rows }) => new Map(rows.map(({ service, paused }) => [service, paused]))
      ),
      health: Effect.asVoid(
        call(client, {
          operation: "health",
          request: HttpClientRequest.get("/health"),
          answer: Schema.Unknown,
          timeout: queryTimeout
        })
      ),
      version: Effect.map(
        call(client, {
          operation: "version",
          request: HttpClientRequest.get("/version"),
          answer: Version,
          timeout: queryTimeout
        }),
        ({ version }) => version
      )
    })
  })

/** Restate's admin API over HTTP. The key travels as a bearer token and stays Redacted until then. */
export const RestateAdminHttpLive = (options: RestateAdminOptions): Layer.Layer<RestateAdmin> =>
  Layer.effect(RestateAdmin, make(options)).pipe(Layer.provide(FetchHttpClient.layer))
