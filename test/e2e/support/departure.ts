import * as http2 from "node:http2"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect, Fiber, Schedule } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { keptConnection } from "../../main/KeptConnection.ts"

/** The result of one poll of a worker, with its start and end in Unix milliseconds. Status 0: no response. */
export interface Sighting {
  readonly askedAt: number
  readonly at: number
  readonly status: number
}

const sight = <E, R>(status: Effect.Effect<number, E, R>) =>
  Effect.suspend(() => {
    const askedAt = Date.now()
    return Effect.map(
      Effect.orElseSucceed(status, () => 0),
      (seen): Sighting => ({ askedAt, at: Date.now(), status: seen })
    )
  })

/** Looks every 10 ms for as long as the scope is open; what it has seen so far is in the list. */
const lookAgainAndAgain = <E, R>(status: Effect.Effect<number, E, R>) =>
  Effect.gen(function* () {
    const seen: Array<Sighting> = []
    const look = Effect.map(sight(status), (sighting) => seen.push(sighting))
    yield* Effect.forkScoped(inRealTime(Effect.repeat(look, Schedule.spaced("10 millis"))))
    return seen
  })

const statusOnNewConnection = (url: string) =>
  Effect.map(HttpClient.get(url, { headers: { connection: "close" } }), ({ status }) => status).pipe(
    Effect.provide(FetchHttpClient.layer)
  )

/** Requests as Restate sends them, over one connection, each answered or refused. */
const discoverOn = (session: http2.ClientHttp2Session) =>
  Effect.async<number, Error>((resume) => {
    const request = session.request({
      ":path": "/discover",
      accept: "application/vnd.restate.endpointmanifest.v4+json"
    })
    request.once("response", (headers) => resume(Effect.succeed(Number(headers[":status"]))))
    // Not processed, and safe to send elsewhere (RFC 9113, section 8.7): GOAWAY came before the request had left.
    const unsent = () => request.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM
    request.once("error", (error) => resume(unsent() ? Effect.never : Effect.fail(error)))
    request.resume()
    request.end()
  })

export interface Departure {
  /** Of the readiness probe, over one connection. */
  readonly ready: ReadonlyArray<Sighting>
  /** Of the liveness probe, over a new connection each time. */
  readonly live: ReadonlyArray<Sighting>
  /** Of requests that Restate might send, over one connection, up to its GOAWAY. */
  readonly requests: ReadonlyArray<Sighting>
  /** When GOAWAY came, and what the readiness probe said once it had. */
  readonly goodbye: Effect.Effect<Sighting>
}

/** Watches a worker as Kubernetes and Restate do, until the scope closes. */
export const watchDeparture = (url: string) =>
  Effect.gen(function* () {
    const ask = yield* keptConnection
    const askOnGoodbye = yield* keptConnection
    const readiness = Effect.map(ask(`${url}/health/ready`), ({ status }) => status)
    const session = yield* Effect.acquireRelease(
      Effect.sync(() => http2.connect(url)),
      (open) => Effect.sync(() => open.destroy())
    )
    session.on("error", () => session.destroy())
    // Connected before the signal, so that the answer waits for nothing.
    yield* askOnGoodbye(`${url}/health/ready`)
    const heard = Effect.async<number>((resume) => {
      session.once("goaway", () => resume(Effect.sync(() => Date.now())))
    })
    const goodbye = yield* heard.pipe(
      Effect.flatMap((at) =>
        Effect.map(askOnGoodbye(`${url}/health/ready`), ({ status }): Sighting => ({ askedAt: at, at, status }))
      ),
      Effect.orDie,
      Effect.forkScoped
    )
    // Nothing is sent any more on a connection that GOAWAY has closed.
    const request = Effect.suspend(() => (session.closed || session.destroyed ? Effect.never : discoverOn(session)))
    const departure: Departure = {
      ready: yield* lookAgainAndAgain(readiness),
      live: yield* lookAgainAndAgain(statusOnNewConnection(`${url}/health/live`)),
      requests: yield* lookAgainAndAgain(request),
      goodbye: Fiber.join(goodbye)
    }
    return departure
  })
