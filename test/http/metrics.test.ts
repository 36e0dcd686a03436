import { createServer as createHttpServer } from "node:http"
import { createServer } from "node:net"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { metricsServer } from "../../src/http/metrics.ts"
import { PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { PrometheusWorkflowMetricsLive } from "../../src/layers/metrics/PrometheusWorkflowMetrics.ts"

const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const scrape = (port: number) =>
  Effect.gen(function* () {
    const response = yield* HttpClient.get(`http://127.0.0.1:${port}/metrics`)
    return { status: response.status, type: response.headers["content-type"], text: yield* response.text }
  }).pipe(Effect.provide(FetchHttpClient.layer))

describe("metrics over HTTP", () => {
  it.live(
    "the exposition is served while the scope is open, and closing it does not wait for the scraper's connection",
    () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const scope = yield* Scope.make()
        yield* metricsServer(createHttpServer, { host: "127.0.0.1", port }).pipe(
          Layer.provide(PrometheusWorkflowMetricsLive({ version: "1.2.3" })),
          Layer.provide(PrometheusRegistryLive),
          Layer.buildWithScope(scope)
        )
        const answer = yield* scrape(port)
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.type, "text/plain; version=0.0.4; charset=utf-8")
        assert.include(answer.text, 'control_plane_worker_build_info{version="1.2.3"')
        yield* Effect.timeout(Scope.close(scope, Exit.void), "2 seconds")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(scrape(port))))
      })
  )

  it.scoped("port zero opens nothing", () =>
    Layer.build(
      Layer.provide(
        metricsServer(createHttpServer, { host: "no such host", port: 0 }),
        Layer.provide(PrometheusWorkflowMetricsLive({ version: "0" }), PrometheusRegistryLive)
      )
    )
  )
})
