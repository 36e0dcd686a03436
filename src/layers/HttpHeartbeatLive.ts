import { HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../services/Heartbeat.ts"
import { heartbeat } from "./outbound/bounds.ts"
import type { OutboundError } from "./outbound/OutboundError.ts"
import { openOutbound } from "./outbound/OutboundHttp.ts"

const failed =
  (job: HeartbeatJob) =>
  (error: OutboundError): HeartbeatFailed => {
    if (error._tag === "OutboundRefused")
      return new HeartbeatFailed({
        job,
        reason: "refused",
        ...(error.status !== undefined && { status: error.status })
      })
    return new HeartbeatFailed({ job, reason: error.reason === "timeout" ? "timeout" : "unreachable" })
  }

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
          const { status } = yield* Effect.mapError(send(HttpClientRequest.get(Redacted.value(url))), failed(job))
          if (status < 200 || status > 299) return yield* new HeartbeatFailed({ job, reason: "refused", status })
        })
      return Heartbeat.of({
        send: (job) => Option.match(monitors[job], { onNone: () => Effect.void, onSome: (url) => get(job, url) })
      })
    })
  )
