import { HttpClient } from "@effect/platform"
import { Effect, Layer, Option, Redacted } from "effect"
import { Heartbeat, HeartbeatFailed, type HeartbeatJob } from "../services/Heartbeat.ts"

const timeout = "10 seconds"

/** GETs the address of the job's monitor; any 2xx will do. The addresses are secrets: no error names them, and requests are not traced. */
export const HttpHeartbeatLive = (
  monitors: Readonly<Record<HeartbeatJob, Option.Option<Redacted.Redacted>>>
): Layer.Layer<Heartbeat, never, HttpClient.HttpClient> =>
  Layer.effect(
    Heartbeat,
    Effect.map(HttpClient.HttpClient, (client) => {
      const get = (job: HeartbeatJob, url: Redacted.Redacted) =>
        Effect.gen(function* () {
          const { status } = yield* client.get(Redacted.value(url))
          if (status < 200 || status > 299) return yield* new HeartbeatFailed({ job, reason: "refused", status })
        }).pipe(
          Effect.scoped,
          Effect.catchTags({
            RequestError: () => new HeartbeatFailed({ job, reason: "unreachable" }),
            ResponseError: () => new HeartbeatFailed({ job, reason: "unreachable" })
          }),
          Effect.timeoutFail({ duration: timeout, onTimeout: () => new HeartbeatFailed({ job, reason: "timeout" }) }),
          Effect.withTracerEnabled(false)
        )
      return Heartbeat.of({
        beat: (job) => Option.match(monitors[job], { onNone: () => Effect.void, onSome: (url) => get(job, url) })
      })
    })
  )
