import type * as http2 from "node:http2"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it, layer } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { RestateClient, testRestate } from "../../../test/support/stack/Restate.ts"
import { ask, connect, RecorderTest, serve } from "./fixtures/serving.ts"
import { freshKey, poll, recorded } from "./suite/Host.ts"

/** Asks for the endpoint's manifest as Restate does, over HTTP/2 without TLS, and answers with the status. */
const discover = (session: http2.ClientHttp2Session) =>
  Effect.async<number, Error>((resume) => {
    const request = session.request({
      ":path": "/discover",
      accept: "application/vnd.restate.endpointmanifest.v4+json"
    })
    request.once("response", (headers) => resume(Effect.succeed(Number(headers[":status"]))))
    request.once("error", (error) => resume(Effect.fail(error)))
    request.end()
  })

const get = (url: string) =>
  HttpClient.get(url).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (body) => ({ status: response.status, body }))),
    Effect.provide(FetchHttpClient.layer)
  )

describe("an endpoint", () => {
  it.scopedLive("answers probes over HTTP/1.1 and Restate over HTTP/2 on one port", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      assert.deepStrictEqual(yield* get(`http://127.0.0.1:${port}/health/live`), { status: 200, body: "well" })
      assert.strictEqual(yield* discover(yield* connect(port)), 200)
    }).pipe(Effect.provide(RecorderTest))
  )

  it.scopedLive("answers probes over HTTP/2 too, also one whose body never ends", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const session = yield* connect(port)
      const well = { status: 200, body: "well", code: 0 }
      assert.deepStrictEqual(yield* ask(session, { ":path": "/health/live" }), well)
      assert.deepStrictEqual(yield* ask(session, { ":path": "/health/live", ":method": "POST" }, false), well)
    }).pipe(Effect.provide(RecorderTest))
  )

  it.scopedLive("[W48] with identity keys refuses requests that no server signed, and still answers probes", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ identityKeys: ["publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f"] })
      assert.strictEqual(yield* discover(yield* connect(port)), 401)
      assert.strictEqual((yield* get(`http://127.0.0.1:${port}/health/live`)).status, 200)
    }).pipe(Effect.provide(RecorderTest))
  )

  it.scopedLive("says which port it could not open, and why", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const refused = yield* Effect.flip(serve({ port }))
      assert.strictEqual(refused._tag, "EndpointUnavailable")
      assert.deepInclude(refused, { host: "127.0.0.1", port, code: "EADDRINUSE" })
    }).pipe(Effect.provide(RecorderTest))
  )

  it.scopedLive("can be opened again on the port it has closed", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(serve())
      assert.strictEqual((yield* serve({ port })).port, port)
    }).pipe(Effect.provide(RecorderTest))
  )
})

/** An endpoint in a scope of its own, registered, with a step of `millis` running on it. */
const servingStep = (drain: Duration.DurationInput, millis: number) =>
  Effect.gen(function* () {
    const restate = yield* RestateClient
    const scope = yield* Scope.make()
    const { port } = yield* Scope.extend(serve({ drain }), scope)
    yield* restate.register(`http://127.0.0.1:${port}`)
    const key = yield* freshKey
    const id = yield* restate.send(`Probe/${key}/longStep`, millis)
    yield* poll(
      "the step runs",
      Effect.map(recorded(key), (notes) => notes.length > 0)
    )
    return { port, key, id, close: Scope.close(scope, Exit.void) }
  })

layer(Layer.merge(RecorderTest, testRestate()), { excludeTestServices: true, timeout: "1 minute" })(
  "an endpoint that closes",
  (it) => {
    it.scoped("says goodbye, still answers probes, and lets a running step end, which then never runs again", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { port, key, id, close } = yield* servingStep("10 seconds", 700)
        const session = yield* connect(port)
        yield* discover(session)
        let goodbye = false
        session.once("goaway", () => {
          goodbye = true
        })
        const closing = yield* Effect.fork(Effect.timed(close))
        yield* poll(
          "GOAWAY",
          Effect.sync(() => goodbye)
        )
        assert.deepStrictEqual(yield* recorded(key), ["long started"])
        assert.deepStrictEqual(yield* get(`http://127.0.0.1:${port}/health/live`), { status: 200, body: "well" })
        const late = yield* connect(port)
        yield* poll(
          "GOAWAY on a connection that comes during the drain",
          Effect.sync(() => late.closed)
        )
        const [took] = yield* Fiber.join(closing)
        assert.isBelow(Duration.toMillis(took), 5_000)
        assert.strictEqual((yield* Effect.either(get(`http://127.0.0.1:${port}/health/live`)))._tag, "Left")
        assert.deepStrictEqual(yield* recorded(key), ["long started", "long 1 ended"])
        yield* serve({ port })
        assert.strictEqual((yield* restate.attach(id)).body, "long")
        assert.deepStrictEqual(yield* recorded(key), ["long started", "long 1 ended"])
      })
    )

    it.scoped("suspends what waits at once and in good order: no attempt fails, and it goes on elsewhere", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const scope = yield* Scope.make()
        const { port } = yield* Scope.extend(serve({ drain: "20 seconds" }), scope)
        yield* restate.register(`http://127.0.0.1:${port}`)
        const key = yield* freshKey
        const id = yield* restate.send(`Probe/${key}/nap`, 4_000)
        yield* poll(
          "it waits",
          Effect.map(recorded(key), (notes) => notes.includes("before"))
        )
        const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
        assert.isBelow(Duration.toMillis(took), 3_000)
        assert.deepInclude(yield* restate.invocation(id), { status: "suspended" })
        yield* serve({ port, drain: 0 })
        assert.strictEqual((yield* restate.attach(id)).body, "slept")
        assert.deepStrictEqual(yield* recorded(key), ["before", "after"])
        assert.deepStrictEqual(yield* restate.sql(`SELECT * FROM sys_journal_events WHERE id = '${id}'`), [])
      })
    )

    it.scoped("cuts off a step that takes longer than the drain bound; it runs again elsewhere", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const { port, key, id, close } = yield* servingStep("200 millis", 60_000)
        const [took] = yield* Effect.timed(close)
        assert.isBelow(Duration.toMillis(took), 3_000)
        yield* poll(
          "the step is interrupted",
          Effect.map(recorded(key), (notes) => notes.includes("long 1 interrupted"))
        )
        yield* serve({ port, drain: 0 })
        yield* poll(
          "the step runs again",
          Effect.map(recorded(key), (notes) => notes.filter((note) => note === "long started").length === 2)
        )
        yield* restate.kill(id)
      })
    )
  }
)
