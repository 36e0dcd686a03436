import { HttpClientRequest } from "@effect/platform"
import { Duration, Effect, Layer, Option, type Redacted, Schedule, Schema } from "effect"
import { Accepted, type IngressMessage, RestateIngress, RestateIngressError } from "../operations/RestateIngress.ts"
import { shortened } from "../text/codePoints.ts"
import { restateIngress } from "./outbound/bounds.ts"
import type { OutboundResponse } from "./outbound/exchange.ts"
import { type OutboundError, reasonOf as reasonOfOutbound, statusOf } from "./outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "./outbound/OutboundHttp.ts"
import { sendTo } from "./outbound/sendTo.ts"
import { isSuccess, reasonOfStatus } from "./outbound/status.ts"

export interface RestateIngressOptions {
  readonly url: string
  /** Sent as a bearer token if present. */
  readonly apiKey: Option.Option<Redacted.Redacted>
  /** Default: 8 retries, after 1, 2, 4 s and so on, at most 1 minute. */
  readonly retry?: { readonly delays: Schedule.Schedule<unknown>; readonly times: number }
}

const maxDetail = 300

/** All attempts take at most 8 minutes, below the 15-minute deadline of the CronJobs. */
const usualRetry = {
  delays: Schedule.exponential(Duration.seconds(1)).pipe(Schedule.union(Schedule.spaced(Duration.minutes(1)))),
  times: 8
}

/** Logs the failure and the wait before each retry. */
const retrying = (url: string, { delays, times }: typeof usualRetry | NonNullable<RestateIngressOptions["retry"]>) =>
  delays.pipe(
    Schedule.intersect(Schedule.recurs(times)),
    Schedule.intersect(Schedule.identity<RestateIngressError>()),
    Schedule.modifyDelayEffect(([[, retries], error], delay) =>
      Effect.logWarning("Restate's ingress does not take the message; trying again", {
        // The host only: an address may contain a password.
        address: new URL(url).host,
        problem: error.status === undefined ? error.detail : `status ${error.status}`,
        retry_in: Duration.format(delay),
        attempt: `${retries + 2} of ${times + 1}`
      }).pipe(
        // The schedule also steps for an error that is not retried.
        Effect.when(() => error.class === "retry"),
        Effect.as(delay)
      )
    )
  )

const Failure = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const reasonOf = (status: number): RestateIngressError["reason"] => {
  if (status === 408) return "unavailable"
  if (status === 404) return "not-found"
  const reason = reasonOfStatus(status)
  return reason === "unexpected-answer" && status >= 400 ? "refused" : reason
}

const statusFailure = (path: string, { status, text }: OutboundResponse) =>
  new RestateIngressError({
    path,
    reason: reasonOf(status),
    status,
    detail: Option.match(Schema.decodeOption(Failure)(text), {
      onNone: () => "no message",
      onSome: ({ message }) => shortened(message, maxDetail)
    })
  })

const transportFailure = (path: string) => (error: OutboundError) =>
  new RestateIngressError({
    path,
    reason: reasonOfOutbound(error),
    ...statusOf(error),
    detail: "code" in error && error.code !== undefined ? error.code : error.message
  })

const sendOnce = (outbound: OutboundHttp, { body, idempotencyKey, path }: IngressMessage) =>
  Effect.gen(function* () {
    const request = HttpClientRequest.post(`/${path}`).pipe(
      HttpClientRequest.setHeader("idempotency-key", idempotencyKey),
      HttpClientRequest.bodyText(body, "application/json")
    )
    const answer = yield* Effect.mapError(outbound(request), transportFailure(path))
    if (!isSuccess(answer)) return yield* statusFailure(path, answer)
    return yield* Schema.decode(Schema.parseJson(Accepted))(answer.text)
  }).pipe(
    Effect.catchTag(
      "ParseError",
      () =>
        new RestateIngressError({ path, reason: "unexpected-answer", detail: "the answer is not what Restate sends" })
    )
  )

const make = ({ apiKey, retry = usualRetry, url }: RestateIngressOptions) =>
  Effect.map(openOutbound({ bounds: restateIngress }), (outbound) => {
    const client = sendTo(outbound, url, apiKey)
    return RestateIngress.of({
      send: (message) =>
        Effect.retry(sendOnce(client, message), {
          schedule: retrying(url, retry),
          while: (error) => error.class === "retry"
        })
    })
  })

/** Restate's ingress over HTTP. The API key stays Redacted until it is sent as a bearer token. */
export const RestateIngressHttpLive = (options: RestateIngressOptions): Layer.Layer<RestateIngress> =>
  Layer.scoped(RestateIngress, make(options))
