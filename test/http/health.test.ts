import { createServer } from "node:http"
import { FetchHttpClient, HttpClient, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import { onLoopback } from "../../dev/stack/onLoopback.ts"
import { healthListener, healthRoutes } from "../../src/http/health.ts"
import { HealthStateLive } from "../../src/layers/HealthState.ts"
import { Health, HealthCheckFailed } from "../../src/operations/Health.ts"

/** A Node server that passes every request to the listener, as the shared port does. */
const listening = Effect.gen(function* () {
  const listener = yield* healthListener
  const server = createServer(listener)
  return `http://127.0.0.1:${yield* onLoopback(server)}`
})

const get = (url: string) =>
  Effect.gen(function* () {
    const response = yield* HttpClient.get(url)
    return [response.status, yield* response.text] as const
  })

const live = Layer.merge(HealthStateLive, FetchHttpClient.layer)

describe("health over HTTP", () => {
  it.scopedLive("each probe answers with the documented status and body through the life of the process", () =>
    Effect.gen(function* () {
      const base = yield* listening
      const health = yield* Health
      const probes = Effect.all(["live", "startup", "ready"].map((probe) => get(`${base}/health/${probe}`)))
      const starting = '{"status":"not started"}'
      assert.deepStrictEqual<unknown>(yield* probes, [
        [503, starting],
        [503, starting],
        [503, starting]
      ])
      yield* health.markStarted
      const ok = '{"status":"ok"}'
      assert.deepStrictEqual<unknown>(yield* probes, [
        [200, ok],
        [200, ok],
        [200, ok]
      ])
      yield* health.register("database", Effect.fail(new HealthCheckFailed({ reason: "gone" })))
      assert.deepStrictEqual<unknown>(yield* probes, [
        [200, ok],
        [200, ok],
        [503, '{"status":"fail","checks":{"database":"gone"}}']
      ])
      yield* health.beginShutdown
      assert.deepStrictEqual<unknown>(yield* probes, [
        [200, ok],
        [200, ok],
        [503, '{"status":"shutting down"}']
      ])
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("another path or method is a 404", () =>
    Effect.gen(function* () {
      const base = yield* listening
      assert.strictEqual((yield* get(`${base}/health`))[0], 404)
      assert.strictEqual((yield* HttpClient.post(`${base}/health/live`)).status, 404)
    }).pipe(Effect.provide(live))
  )

  it.scopedLive("the same routes can be served alone", () =>
    Effect.gen(function* () {
      yield* HttpServer.serveEffect(healthRoutes)
      assert.strictEqual((yield* HttpClient.get("/health/live")).status, 503)
    }).pipe(Effect.provide(Layer.merge(HealthStateLive, NodeHttpServer.layerTest)))
  )

  it.scopedLive("a probe makes no span", () => {
    const started: Array<string> = []
    const recording = Tracer.make({
      span: (name, parent, context, links, startTime, kind) => {
        started.push(name)
        return {
          _tag: "Span",
          name,
          parent,
          context,
          links,
          kind,
          spanId: "1",
          traceId: "1",
          sampled: true,
          status: { _tag: "Started", startTime },
          attributes: new Map(),
          end: () => {},
          attribute: () => {},
          event: () => {},
          addLinks: () => {}
        }
      },
      context: (run) => run()
    })
    return Effect.gen(function* () {
      const base = yield* Effect.withTracer(listening, recording)
      yield* Effect.promise(() => fetch(`${base}/health/live`).then((response) => response.text()))
      assert.deepStrictEqual(started, [])
    }).pipe(Effect.provide(live))
  })
})
