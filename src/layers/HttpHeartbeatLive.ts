import { HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../services/Heartbeat.ts"
import { heartbeat } from "./outbound/bounds.ts"
import { deliveryFailure, type OutboundError } from "./outbound/OutboundError.ts"
import { openOutbound } from "./outbound/OutboundHttp.ts"
import { isSuccess } from "./outbound/status.ts"

const failed = (job: HeartbeatJob) => (error: OutboundError) => new HeartbeatFailed({ job, ...deliveryFailure(error) })

/**
 * GETs the URL of the job's monitor; any 2xx is a success. The URLs are secrets: errors do not include them, and requests are
 * not traced.
 */
export const HttpHeartbeatLive = (
  monitors: Readonly<Record<HeartbeatJob, Option.Option<Redacted.Redacted>>>
): Layer.Layer<Heartbeat> =>
  Layer.scoped(
    Heartbeat,
    Effect.map(openOutbound({ bounds: heartbeat, reading: "head" }), (send) => {
      const get = (job: HeartbeatJob, url: Redacted.Redacted) =>
        Effect.gen(function* () {
          const answer = yield* Effect.mapError(send(HttpClientRequest.get(Redacted.value(url))), failed(job))
          if (isSuccess(answer)) return
          return yield* new HeartbeatFailed({ job, reason: "refused", status: answer.status })
        })
      return Heartbeat.of({
        send: (job) => Option.match(monitors[job], { onNone: () => Effect.void, onSome: (url) => get(job, url) })
      })
    })
  )
