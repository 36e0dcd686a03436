import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse
} from "@effect/platform"
import { Duration, Effect, flow, Layer, Option, type Redacted, Schedule, Schema } from "effect"
import { Accepted, type IngressMessage, RestateIngress, RestateIngressError } from "../services/RestateIngress.ts"
import { shortened } from "../text/codePoints.ts"

export interface RestateIngressOptions {
  readonly url: string
  /** Sent as a bearer token where there is one. */
  readonly apiKey: Option.Option<Redacted.Redacted>
  /** Between attempts. Default: 1, 2, 4 s and so on, 1 minute at most, 8 times. */
  readonly retry?: Schedule.Schedule<unknown>
}

const attemptTimeout = Duration.seconds(30)
const maxDetail = 300

/** With all attempts it ends within 8 minutes: under the 15 that a CronJob of ours may take. */
const patience = Schedule.exponential(Duration.seconds(1)).pipe(
  Schedule.union(Schedule.spaced(Duration.minutes(1))),
  Schedule.intersect(Schedule.recurs(8))
)

const Failure = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const reasonOf = (status: number): RestateIngressError["reason"] => {
  if (status >= 500 || status === 408 || status === 429) return "unavailable"
  if (status === 401 || status === 403) return "denied"
  if (status === 404) return "not-found"
  return status >= 400 ? "refused" : "unexpected-answer"
}

const statusFailure = (path: string, { status }: HttpClientResponse.HttpClientResponse, text: string) =>
  new RestateIngressError({
    path,
    reason: reasonOf(status),
    status,
    detail: Option.match(Schema.decodeOption(Failure)(text), {
      onNone: () => "no message",
      onSome: ({ message }) => shortened(message, maxDetail)
    })
  })

const transportFailure = (path: string) => (error: HttpClientError.HttpClientError) =>
  new RestateIngressError({
    path,
    reason: error._tag === "RequestError" ? "unreachable" : "unexpected-answer",
    detail: error.reason
  })

const sendOnce = (client: HttpClient.HttpClient, { body, idempotencyKey, path }: IngressMessage) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.post(`/${path}`).pipe(
      HttpClientRequest.setHeader("idempotency-key", idempotencyKey),
      HttpClientRequest.bodyText(body, "application/json")
    )
    const response = yield* client.execute(request)
    const text = yield* response.text
    if (response.status < 200 || response.status > 299) return yield* statusFailure(path, response, text)
    return yield* Schema.decode(Schema.parseJson(Accepted))(text)
  }).pipe(
    // None of these causes is kept: they hold the request, with the API key.
    Effect.catchTags({
      ParseError: () =>
        new RestateIngressError({ path, reason: "unexpected-answer", detail: "the answer is not what Restate sends" }),
      RequestError: flow(transportFailure(path), Effect.fail),
      ResponseError: flow(transportFailure(path), Effect.fail)
    }),
    Effect.timeoutFail({
      duration: attemptTimeout,
      onTimeout: () =>
        new RestateIngressError({
          path,
          reason: "timeout",
          detail: `no answer within ${Duration.format(attemptTimeout)}`
        })
    })
  )

const make = ({ apiKey, retry = patience, url }: RestateIngressOptions) =>
  Effect.map(HttpClient.HttpClient, (http) => {
    const authorize = Option.match(apiKey, {
      onNone: () => (request: HttpClientRequest.HttpClientRequest) => request,
      onSome: (key) => HttpClientRequest.bearerToken(key)
    })
    const client = http.pipe(
      HttpClient.mapRequest(flow(HttpClientRequest.prependUrl(url.replace(/\/+$/, "")), authorize)),
      HttpClient.withTracerDisabledWhen(() => true)
    )
    return RestateIngress.of({
      send: (message) =>
        sendOnce(client, message).pipe(
          Effect.tapError((error) =>
            Effect.when(
              Effect.logWarning("The message is sent again if attempts are left", { problem: error.message }),
              () => error.class === "retry"
            )
          ),
          Effect.retry({ schedule: retry, while: (error) => error.class === "retry" })
        )
    })
  })

/** A redirect would take the key elsewhere; it is answered like any other strange status. */
const DirectFetch = Layer.provide(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" })
)

/** Restate's ingress over HTTP. The key stays Redacted until it travels as a bearer token. */
export const RestateIngressHttpLive = (options: RestateIngressOptions): Layer.Layer<RestateIngress> =>
  Layer.effect(RestateIngress, make(options)).pipe(Layer.provide(DirectFetch))
