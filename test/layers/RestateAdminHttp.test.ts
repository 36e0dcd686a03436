import { createServer, type IncomingHttpHeaders } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Redacted, Schema, TestClock } from "effect"
import { onLoopback } from "../../dev/stack/onLoopback.ts"
import { RestateAdminHttpLive } from "../../src/layers/restateAdmin/RestateAdminHttp.ts"
import { RestateAdmin, RestateAdminError } from "../../src/operations/RestateAdmin.ts"
import { sleepingUntil, untilIo } from "../support/untilIo.ts"

interface Received {
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Answer = "silence" | readonly [status: number, body: unknown]

/** A stub of Restate's admin API that responds by script and records requests. */
const standIn = (answer: (line: string, count: number) => Answer) =>
  Effect.gen(function* () {
    const received: Array<Received> = []
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => {
        body += chunk
      })
      request.on("end", () => {
        const line = `${request.method} ${request.url}`
        received.push({ line, headers: request.headers, body })
        const scripted = answer(line, received.length)
        if (scripted === "silence") return
        const [status, json] = scripted
        response.writeHead(status, { "content-type": "application/json" })
        response.end(json === "" ? "" : JSON.stringify(json))
      })
    })
    const port = yield* onLoopback(server)
    return { received, url: `http://127.0.0.1:${port}` }
  })

const withAdmin = <A, E>(adminUrl: string, program: Effect.Effect<A, E, RestateAdmin>, key = Option.none<string>()) =>
  Effect.provide(program, RestateAdminHttpLive({ adminUrl, apiKey: Option.map(key, Redacted.make) }))

const registration = { uri: "http://worker:9080", force: false, handlers: ["Deploy/run"] }
const register = Effect.flatMap(RestateAdmin, (admin) => admin.register(registration))
const deployment = {
  id: "dp_1",
  services: [{ name: "Deploy", revision: 1, handlers: [{ name: "run" }, { name: "stop" }] }]
}

describe("Restate admin over HTTP", () => {
  it.scopedLive("[W57] registration sends the URI, never force unless told, and the key as a bearer token", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => [201, deployment])
      const answer = yield* withAdmin(`${url}/`, register, Option.some("k3y"))
      assert.deepStrictEqual(answer, { id: "dp_1", handlers: ["Deploy/run", "Deploy/stop"] })
      assert.strictEqual(received[0]?.line, "POST /deployments")
      assert.deepStrictEqual(JSON.parse(received[0]?.body ?? ""), { uri: "http://worker:9080", force: false })
      assert.strictEqual(received[0]?.headers.authorization, "Bearer k3y")
    })
  )

  it.scoped("a Restate that is not up yet is asked again every 5 s, until it answers", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn((_, count) =>
        count < 3 ? [500, { message: "[META0003] connection refused" }] : [201, deployment]
      )
      const running = yield* Effect.fork(withAdmin(url, register))
      yield* untilIo(sleepingUntil(5_000))
      assert.lengthOf(received, 1)
      yield* TestClock.adjust("4999 millis")
      assert.lengthOf(received, 1)
      yield* TestClock.adjust("1 millis")
      yield* untilIo(sleepingUntil(10_000))
      assert.lengthOf(received, 2)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(running)).id, "dp_1")
      assert.lengthOf(received, 3)
    })
  )

  it.scoped("registration gives up after ten attempts with an error that may be retried and says what happened", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => [503, { message: "not ready" }])
      const running = yield* Effect.fork(Effect.flip(withAdmin(url, register)))
      for (let attempt = 1; attempt < 10; attempt++) {
        yield* untilIo(sleepingUntil(attempt * 5_000))
        yield* TestClock.adjust("5 seconds")
      }
      const error = yield* Fiber.join(running)
      assert.lengthOf(received, 10)
      assert.strictEqual(error.class, "retry")
      assert.include(error.message, "unavailable 503: not ready")
    })
  )

  it.scoped("a Restate that never answers costs the documented time and is worth another try", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => "silence")
      const running = yield* Effect.fork(
        Effect.flip(
          withAdmin(
            url,
            Effect.flatMap(RestateAdmin, (admin) => admin.health)
          )
        )
      )
      yield* untilIo(Effect.sync(() => received.length === 1))
      yield* TestClock.adjust("5 seconds")
      const error = yield* Fiber.join(running)
      assert.strictEqual(error.reason, "timeout")
      assert.strictEqual(error.class, "retry")
    })
  )

  it.scopedLive("a conflict is for a person: it is not retried and the message says what to do", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => [409, { message: "deployment exists" }])
      const error = yield* Effect.flip(withAdmin(url, register))
      assert.lengthOf(received, 1)
      assert.strictEqual(error.class, "permanent")
      assert.include(error.message, "under a URI of its own")
      assert.include(error.message, "restate.force_registration")
    })
  )

  it.scopedLive("a URI that Restate knows with an older list of handlers is reported, not taken for success", () =>
    Effect.gen(function* () {
      const { url } = yield* standIn(() => [
        200,
        { id: "dp_1", services: [{ name: "Deploy", revision: 1, handlers: [] }] }
      ])
      const error = yield* Effect.flip(withAdmin(url, register))
      assert.strictEqual(error.reason, "stale")
      assert.include(error.message, "Deploy/run")
    })
  )

  it.scopedLive("a redirect is an unexpected answer with its status, which is not tried again", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => [302, ""])
      const error = yield* Effect.flip(withAdmin(url, register))
      assert.lengthOf(received, 1)
      assert.deepStrictEqual([error.reason, error.status, error.class], ["unexpected-answer", 302, "permanent"])
    })
  )

  it.scopedLive("a page of a proxy instead of Restate's message is not quoted", () =>
    Effect.gen(function* () {
      const { url } = yield* standIn(() => [403, "<html>authorization: Bearer k3y</html>"])
      const error = yield* Effect.flip(withAdmin(url, register, Option.some("k3y")))
      assert.deepStrictEqual([error.reason, error.detail], ["refused", "no message"])
    })
  )

  it.scopedLive("a refused key is for a person and no failure ever quotes it", () =>
    Effect.gen(function* () {
      const { received, url } = yield* standIn(() => [401, { message: "unauthorized" }])
      const error = yield* Effect.flip(withAdmin(url, register, Option.some("k3y")))
      assert.lengthOf(received, 1)
      assert.strictEqual(error.class, "permanent")
      const encoded = yield* Schema.encode(RestateAdminError)(error)
      assert.notInclude(JSON.stringify(encoded) + error.message + String(error.stack), "k3y")
    })
  )

  it.scopedLive("a URI counts as registered with or without its trailing slash", () =>
    Effect.gen(function* () {
      const service = { name: "Deploy", revision: 1 }
      const { url } = yield* standIn((line) => [
        200,
        line === "GET /services"
          ? { services: [{ ...service, deployment_id: "dp_0" }] }
          : {
              deployments: [
                { id: "dp_0", arn: "arn:aws:lambda", created_at: "2026-01-02", services: [service] },
                { id: "dp_1", uri: "http://worker:9080/", created_at: "2026-01-01", services: [service] }
              ]
            }
      ])
      const stateOf = (uri: string) =>
        withAdmin(
          url,
          Effect.flatMap(RestateAdmin, (admin) => admin.stateOf(uri))
        )
      const elsewhere = [{ service: "Deploy", address: "arn:aws:lambda" }]
      assert.deepStrictEqual(yield* stateOf("http://worker:9080"), { isRegistered: true, elsewhere })
      assert.deepStrictEqual(yield* stateOf("http://worker:9081"), { isRegistered: false, elsewhere: [] })
    })
  )

  it.scopedLive("health is an empty 200; an address of another server or of none is a typed failure", () =>
    Effect.gen(function* () {
      const health = Effect.flatMap(RestateAdmin, (admin) => admin.health)
      const stateOf = Effect.flatMap(RestateAdmin, (admin) => admin.stateOf("http://worker:9080"))
      const { url } = yield* standIn((line) => (line === "GET /health" ? [200, ""] : [200, { hello: "world" }]))
      yield* withAdmin(url, health)
      assert.strictEqual((yield* Effect.flip(withAdmin(url, stateOf))).reason, "unexpected-answer")
      assert.strictEqual((yield* Effect.flip(withAdmin("http://127.0.0.1:1", health))).reason, "unreachable")
    })
  )
})
