import { createServer } from "node:http"
import { HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Array as Arr, Context, Effect, Layer, Ref } from "effect"

/** Simulates the monitor that expects a heartbeat of every scheduled job. */
export class Monitor extends Context.Tag("ctrl-worker/dev/Monitor")<
  Monitor,
  {
    /** Each path below it is a job. */
    readonly url: string
    /** Requested paths, in order, without leading slash. */
    readonly heard: Effect.Effect<ReadonlyArray<string>>
  }
>() {}

const makeMonitor = Effect.gen(function* () {
  const heard = yield* Ref.make<ReadonlyArray<string>>([])
  const answer = Effect.gen(function* () {
    const { url } = yield* HttpServerRequest.HttpServerRequest
    yield* Ref.update(heard, Arr.append(url.slice(1)))
    return HttpServerResponse.text("OK")
  })
  yield* HttpServer.serveEffect(answer)
  return Monitor.of({ url: yield* HttpServer.addressFormattedWith(Effect.succeed), heard: Ref.get(heard) })
})

/** On a free port of 127.0.0.1, until the layer's scope closes. */
export const monitor: Layer.Layer<Monitor, HttpServerError.ServeError> = Layer.scoped(Monitor, makeMonitor).pipe(
  Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
)
