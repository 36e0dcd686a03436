import { Duration, Effect, Layer, Option, type Redacted, Schedule, Schema } from "effect"
import { Contract, type EncodingFailed } from "effect-restate"
import { Ingress, type IngressClient, type IngressFailure } from "effect-restate/ingress"
import { type IngressMessage, pathOf, RestateIngress, RestateIngressError } from "../operations/RestateIngress.ts"
import { shortened } from "../text/codePoints.ts"
import { restateIngress } from "./outbound/bounds.ts"
import { reasonOfStatus } from "./outbound/status.ts"
import { restateHttp, transportFailure } from "./restateHttp.ts"

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

const reasonOf = (status: number): RestateIngressError["reason"] => {
  if (status === 408) return "unavailable"
  if (status === 404) return "not-found"
  const reason = reasonOfStatus(status)
  return reason === "unexpected-answer" && status >= 400 ? "refused" : reason
}

type Reason = Pick<RestateIngressError, "reason" | "status" | "detail">

const reasonFor = (error: IngressFailure | EncodingFailed): Reason => {
  switch (error._tag) {
    case "CallFailed":
      return { reason: reasonOf(error.code), status: error.code, detail: error.reason }
    case "EncodingFailed":
      return { reason: "refused", detail: error.problem }
    case "IngressUnavailable": {
      const { cause, reason: detail, status } = error
      return Option.getOrElse(transportFailure(cause), () =>
        status === undefined ? { reason: "unexpected-answer", detail } : { reason: reasonOf(status), status, detail }
      )
    }
  }
}

const refused = (message: IngressMessage) => (error: IngressFailure | EncodingFailed) => {
  const { detail, ...reason } = reasonFor(error)
  return new RestateIngressError({ path: pathOf(message), ...reason, detail: shortened(detail, maxDetail) })
}

/** Sends by names: of a handler that is not in a contract, the input is any JSON. */
const sendOnce = (ingress: IngressClient, message: IngressMessage) => {
  const { handler, idempotencyKey, input, key, service } = message
  const contract = Contract.object(service, { [handler]: { input: Schema.Unknown } })
  return Effect.mapError(ingress.send(contract, key, handler, input, { idempotencyKey }), refused(message))
}

const make = ({ apiKey, retry = usualRetry, url }: RestateIngressOptions) =>
  Effect.map(restateHttp(url, apiKey, restateIngress), (options) => {
    const ingress = Ingress.make(options)
    return RestateIngress.of({
      send: (message) =>
        Effect.retry(sendOnce(ingress, message), {
          schedule: retrying(url, retry),
          while: (error) => error.class === "retry"
        })
    })
  })

/** Restate's ingress over HTTP, with the kit's client. */
export const RestateIngressHttpLive = (options: RestateIngressOptions): Layer.Layer<RestateIngress> =>
  Layer.scoped(RestateIngress, make(options))
