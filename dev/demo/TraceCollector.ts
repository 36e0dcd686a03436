import { createServer } from "node:http"
import { HttpRouter, HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Array as Arr, Context, Effect, Layer, Ref } from "effect"
import { readExport, type Span } from "./otlp.ts"

/** An OTLP/HTTP endpoint that keeps the spans it is sent, in memory. */
export class TraceCollector extends Context.Tag("ctrl-worker/dev/TraceCollector")<
  TraceCollector,
  {
    /** Base address; traces go to /v1/traces below it, in protobuf. */
    readonly endpoint: string
    /** All spans of a trace, once no new one has come for `quietMillis`. Waits for ever for a trace that has none. */
    readonly trace: (traceId: string, quietMillis: number) => Effect.Effect<ReadonlyArray<Span>>
  }
>() {}

type Spans = Ref.Ref<ReadonlyArray<Span>>

const receive = (received: Spans) =>
  HttpRouter.empty.pipe(
    HttpRouter.post(
      "/v1/traces",
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const body = yield* request.arrayBuffer
        yield* Ref.update(received, Arr.appendAll(readExport(Buffer.from(body))))
        return HttpServerResponse.empty({ status: 200 })
      })
    ),
    HttpServer.serve()
  )

const untilQuiet =
  (received: Spans) =>
  (traceId: string, quietMillis: number): Effect.Effect<ReadonlyArray<Span>> =>
    Effect.gen(function* () {
      let known: ReadonlyArray<Span> = []
      for (;;) {
        yield* Effect.sleep(quietMillis)
        const now = (yield* Ref.get(received)).filter((span) => span.traceId === traceId)
        if (now.length > 0 && now.length === known.length) return now
        known = now
      }
    })

const collector = Layer.unwrapEffect(
  Effect.map(Ref.make<ReadonlyArray<Span>>([]), (received) =>
    Layer.merge(
      receive(received),
      Layer.effect(
        TraceCollector,
        HttpServer.addressFormattedWith((endpoint) => Effect.succeed({ endpoint, trace: untilQuiet(received) }))
      )
    )
  )
)

export const TraceCollectorLive: Layer.Layer<TraceCollector, HttpServerError.ServeError> = collector.pipe(
  Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
)
