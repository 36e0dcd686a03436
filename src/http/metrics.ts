import { HttpMiddleware, HttpRouter, HttpServer, type HttpServerError, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { WorkflowMetrics } from "../services/WorkflowMetrics.ts"

const scrape = Effect.gen(function* () {
  const metrics = yield* WorkflowMetrics
  return HttpServerResponse.text(yield* metrics.render, { contentType: metrics.contentType })
})

/** The type of the function that creates Node's server. */
type CreateServer = Parameters<typeof NodeHttpServer.layerServer>[0]

interface Address {
  readonly host: string
  readonly port: number
}

const metricsRoutes = HttpRouter.empty.pipe(HttpRouter.get("/metrics", scrape))

/** GET /metrics on its own port. Scrapers keep connections open, so shutdown closes them. */
const openMetricsServer = (createServer: CreateServer, options: Address) =>
  Layer.unwrapEffect(
    Effect.sync(() => {
      const server = createServer()
      const closeConnections = Layer.scopedDiscard(
        Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()))
      )
      return HttpServer.serve(metricsRoutes).pipe(
        Layer.merge(closeConnections),
        Layer.provide(NodeHttpServer.layerServer(() => server, options))
      )
    })
  ).pipe(HttpMiddleware.withTracerDisabledWhen(() => true))

/** No server if the port is zero. */
export const metricsServer = (
  createServer: CreateServer,
  options: Address
): Layer.Layer<never, HttpServerError.ServeError, WorkflowMetrics> =>
  options.port === 0 ? Layer.empty : openMetricsServer(createServer, options)
