import { createServer } from "node:http"
import { HttpRouter, HttpServer, type HttpServerError, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, Ref } from "effect"
import { readExport } from "./OtlpProtobuf.ts"
import { pageRoutes } from "./pageRoutes.ts"
import { type Span, spansOf } from "./Span.ts"
import { summarize } from "./summary.ts"
import { addSpans, emptyStore, type Limits, type TraceStore } from "./TraceStore.ts"

/**
 * An OTLP/HTTP endpoint on loopback that keeps the newest traces it is sent, in memory, and shows them in a browser.
 * Beside the page: `/traces` lists them, `/traces/<id>` is one as OTLP/JSON, which other viewers load.
 */
export class TraceCollector extends Context.Tag("ctrl-worker/dev/TraceCollector")<
  TraceCollector,
  {
    /** Base address; traces go to /v1/traces below it, in protobuf. */
    readonly endpoint: string
    /** All spans of a trace, once no new one has come for `quietMillis`. Waits for ever for a trace that has none. */
    readonly trace: (traceId: string, quietMillis: number) => Effect.Effect<ReadonlyArray<Span>>
    /** From here on the page links invocations to Restate's own interface at this address. */
    readonly linkInvocationsTo: (restateUi: string) => Effect.Effect<void>
  }
>() {}

/** The demo makes some 60 traces of 20 to 1,000 spans; a kept span takes about 1 KiB. */
const newest: Limits = { traces: 500, spans: 100_000 }

const receive = (store: Ref.Ref<TraceStore>, limits: Limits) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = yield* request.arrayBuffer
    const decoded = yield* Effect.try(() => readExport(new Uint8Array(body)))
    yield* Ref.update(store, (traces) => addSpans(traces, decoded, limits))
    return HttpServerResponse.empty({ status: 200 })
  }).pipe(Effect.catchTag("UnknownException", () => HttpServerResponse.empty({ status: 400 })))

const listTraces = (store: Ref.Ref<TraceStore>, restateUi: Ref.Ref<string>) =>
  Effect.gen(function* () {
    const traces = [...(yield* Ref.get(store)).values()].flatMap(
      (trace) => summarize(spansOf(trace), trace.dropped) ?? []
    )
    return yield* HttpServerResponse.json({
      restateUi: yield* Ref.get(restateUi),
      traces: traces.toSorted((a, b) => b.start - a.start)
    })
  })

const oneTrace = (store: Ref.Ref<TraceStore>) =>
  Effect.gen(function* () {
    const { traceId = "" } = yield* HttpRouter.params
    const trace = (yield* Ref.get(store)).get(traceId)
    if (trace === undefined) return HttpServerResponse.empty({ status: 404 })
    return yield* HttpServerResponse.json({ resourceSpans: trace.resourceSpans })
  })

const untilQuiet =
  (store: Ref.Ref<TraceStore>) =>
  (traceId: string, quietMillis: number): Effect.Effect<ReadonlyArray<Span>> =>
    Effect.gen(function* () {
      let known = 0
      for (;;) {
        yield* Effect.sleep(quietMillis)
        const now = (yield* Ref.get(store)).get(traceId)
        if (now !== undefined && now.spanCount === known) return spansOf(now)
        known = now?.spanCount ?? 0
      }
    })

const collector = (limits: Limits) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const store = yield* Ref.make(emptyStore)
      const restateUi = yield* Ref.make("")
      const routes = HttpRouter.empty.pipe(
        HttpRouter.post("/v1/traces", receive(store, limits)),
        HttpRouter.get("/traces", listTraces(store, restateUi)),
        HttpRouter.get("/traces/:traceId", oneTrace(store)),
        HttpRouter.concat(yield* pageRoutes),
        HttpServer.serve()
      )
      const service = HttpServer.addressFormattedWith((endpoint) =>
        Effect.succeed({
          endpoint,
          trace: untilQuiet(store),
          linkInvocationsTo: (ui: string) => Ref.set(restateUi, ui)
        })
      )
      return Layer.merge(routes, Layer.effect(TraceCollector, service))
    })
  )

/** On a free port of loopback. */
export const traceCollector = (limits: Limits = newest): Layer.Layer<TraceCollector, HttpServerError.ServeError> =>
  collector(limits).pipe(Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })))
