import { createServer } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock, Tracer } from "effect"
import { makeCertificates } from "../../../dev/simulators/certificates.ts"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import type { Bounds } from "../../../src/layers/outbound/bounds.ts"
import { failureOf } from "../../../src/layers/outbound/exchange.ts"
import { type OutboundOptions, openOutbound } from "../../../src/layers/outbound/OutboundHttp.ts"
import { hostileServer } from "../../support/HostileServer.ts"
import { httpStub } from "../../support/HttpStub.ts"
import { untilIo } from "../../support/untilIo.ts"

const bounds: Bounds = { neighbour: "somewhere", maxBytes: 64 * 1024, timeout: Duration.seconds(10), maxInFlight: 2 }

const get = (url: string, options: Partial<OutboundOptions> = {}) =>
  Effect.flatMap(openOutbound({ bounds, ...options }), (send) => send(HttpClientRequest.get(url)))

const reasonAt = (url: string, options: Partial<OutboundOptions> = {}) =>
  Effect.map(Effect.flip(get(url, options)), ({ reason, retryable }) => [reason, retryable])

/** Redirects `/old` to the given URL, and responds elsewhere. */
const redirecting = (status: number, location: (url: string) => string) =>
  httpStub(({ headers, path }) =>
    path === "/old"
      ? { status, headers: { location: location(`http://${headers.host}`) } }
      : { status: 200, body: `at ${path}` }
  )

describe("a call to a neighbour", () => {
  it.scopedLive("is given an answer of exactly the bound, and none of a byte more", () =>
    Effect.gen(function* () {
      const { url } = yield* httpStub(({ path }) => ({ status: 200, body: "x".repeat(Number(path.slice(1))) }))
      assert.strictEqual((yield* get(`${url}/65536`)).text.length, 65_536)
      assert.deepStrictEqual(yield* reasonAt(`${url}/65537`), ["too-large", false])
    })
  )

  it.scopedLive("asks for no content coding, and refuses an answer that has one without reading it", () =>
    Effect.gen(function* () {
      const { sent, url, visits } = yield* hostileServer("bomb")
      assert.deepStrictEqual(yield* reasonAt(url), ["encoded", false])
      assert.strictEqual(visits[0]?.headers["accept-encoding"], "identity")
      assert.isBelow(sent.bytes, 16 * 1024 * 1024)
    })
  )

  it.scoped("ends with its limit of time, also when the answer has begun", () =>
    Effect.gen(function* () {
      const { url, visits } = yield* hostileServer("silence")
      const running = yield* Effect.fork(reasonAt(url))
      yield* untilIo(Effect.sync(() => visits.length > 0))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(running), ["timeout", true])

      let begun = false
      const slow = createServer((_, response) => {
        response.writeHead(200).write("a beginning")
        begun = true
      })
      const port = yield* onLoopback(slow)
      const second = yield* Effect.fork(reasonAt(`http://127.0.0.1:${port}`))
      yield* untilIo(Effect.sync(() => begun))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(second), ["timeout", true])
    })
  )

  it.scoped("waits for its turn behind as many as may be in flight, and is refused at once behind twice as many", () =>
    Effect.gen(function* () {
      const { url, visits } = yield* hostileServer("silence")
      const send = yield* openOutbound({ bounds })
      const ask = Effect.map(Effect.flip(send(HttpClientRequest.get(url))), ({ reason }) => reason)
      const four = yield* Effect.all([ask, ask, ask, ask].map(Effect.fork))
      yield* untilIo(Effect.sync(() => visits.length >= 2))
      assert.strictEqual(yield* ask, "busy")
      assert.lengthOf(visits, 2)
      yield* TestClock.adjust("10 seconds")
      const reasons = yield* Effect.forEach(four, Fiber.join)
      assert.includeMembers(reasons, ["timeout", "busy"])
      // All calls have ended: the next one is sent.
      const next = yield* Effect.fork(ask)
      yield* untilIo(Effect.sync(() => visits.length >= 3))
      yield* Fiber.interrupt(next)
    })
  )

  it.scopedLive("that is interrupted gives its turn back", () =>
    Effect.gen(function* () {
      const silent = yield* hostileServer("silence")
      const { url } = yield* httpStub(() => ({ status: 200 }))
      const send = yield* openOutbound({ bounds })
      for (let nth = 0; nth < 3 * bounds.maxInFlight; nth++) {
        const running = yield* Effect.fork(send(HttpClientRequest.get(silent.url)))
        yield* untilIo(Effect.sync(() => silent.visits.length > nth))
        yield* Fiber.interrupt(running)
      }
      assert.strictEqual((yield* send(HttpClientRequest.get(url))).status, 200)
    })
  )

  for (const status of [301, 302, 303, 307, 308])
    it.scopedLive(`follows no redirect with ${status}: nothing arrives elsewhere`, () =>
      Effect.gen(function* () {
        const elsewhere = yield* httpStub(() => ({ status: 200 }))
        const { url } = yield* redirecting(status, () => `${elsewhere.url}/stolen`)
        for (const redirects of ["refused", "same-origin"] as const)
          assert.deepStrictEqual(yield* reasonAt(`${url}/old`, { redirects }), ["redirected", false])
        const within = yield* redirecting(status, (base) => `${base}/new`)
        assert.deepStrictEqual(yield* reasonAt(`${within.url}/old`), ["redirected", false])
        assert.isEmpty(elsewhere.received)
      })
    )

  it.scopedLive("follows redirects within its origin where that is wanted, and tells where it ended", () =>
    Effect.gen(function* () {
      const { url } = yield* redirecting(301, () => "/new?a=b")
      const answer = yield* get(`${url}/old`, { redirects: "same-origin" })
      assert.deepStrictEqual([answer.text, answer.url.href], ["at /new?a=b", `${url}/new?a=b`])
      const circle = yield* redirecting(302, () => "/old")
      assert.deepStrictEqual(yield* reasonAt(`${circle.url}/old`, { redirects: "same-origin" }), ["redirected", false])
      assert.lengthOf(circle.received, 4)
    })
  )

  it.scopedLive("sends no body on where a redirect would change the method", () =>
    Effect.gen(function* () {
      const { received, url } = yield* redirecting(302, () => "/new")
      const send = yield* openOutbound({ bounds, redirects: "same-origin" })
      const failure = yield* Effect.flip(send(HttpClientRequest.bodyText(HttpClientRequest.post(`${url}/old`), "x")))
      assert.deepInclude(failure, { reason: "redirected", status: 302 })
      assert.lengthOf(received, 1)
    })
  )

  it.scopedLive("goes to no internal address that a neighbour names, by number or by name", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => ({ status: 200 }))
      const { port } = new URL(url)
      const configuredHost = "1.1.1.1"
      for (const host of ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433"])
        assert.deepStrictEqual(
          yield* reasonAt(`http://${host}:${port}/`, { configuredHost }),
          ["refused-address", false],
          host
        )
      assert.isEmpty(received)
      // Both are in the operator's network.
      assert.strictEqual((yield* get(`http://localhost:${port}/`, { configuredHost: "127.0.0.1" })).status, 200)
    })
  )

  it.scopedLive("asks for no address that is not of http", () =>
    Effect.gen(function* () {
      for (const url of ["file:///etc/passwd", "ftp://127.0.0.1/", "no address"])
        assert.deepStrictEqual(yield* reasonAt(url), ["refused-address", false])
    })
  )

  it.scopedLive("takes no proxy and no leniency about certificates from the environment", () =>
    Effect.gen(function* () {
      const proxy = yield* httpStub(() => ({ status: 200, body: "proxied" }))
      const { url } = yield* httpStub(() => ({ status: 200, body: "direct" }))
      const { server } = yield* Effect.promise(() => makeCertificates("machine.example"))
      const { certificate: cert, key } = server
      const port = yield* onLoopback(createTlsServer({ cert, key }, (_, response) => response.end()))
      const names = {
        HTTP_PROXY: proxy.url,
        http_proxy: proxy.url,
        NODE_USE_ENV_PROXY: "1",
        NODE_TLS_REJECT_UNAUTHORIZED: "0"
      }
      const before = Object.fromEntries(Object.keys(names).map((name) => [name, process.env[name]]))
      Object.assign(process.env, names)
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const [name, value] of Object.entries(before)) {
            if (value === undefined) delete process.env[name]
            else process.env[name] = value
          }
        })
      )
      assert.strictEqual((yield* get(url)).text, "direct")
      assert.isEmpty(proxy.received)
      const untrusted = yield* Effect.flip(get(`https://127.0.0.1:${port}/`))
      assert.strictEqual(untrusted.reason, "unreachable")
      const unchecked = yield* get(`https://127.0.0.1:${port}/`, { checkCertificate: false })
      assert.strictEqual(unchecked.status, 200)
    })
  )

  it.scopedLive("leaves no span, sends no trace context, and tells nothing of its request in a failure", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(() => ({ status: 307, headers: { location: "http://x.invalid" } }))
      const spans: Array<string> = []
      const tracer = yield* Effect.tracer
      const counting = Tracer.make({
        span: (name, ...rest) => {
          spans.push(name)
          return tracer.span(name, ...rest)
        },
        context: tracer.context
      })
      const send = yield* openOutbound({ bounds })
      const request = HttpClientRequest.get(`${url}/canary-path?key=canary-query`).pipe(
        HttpClientRequest.setHeader("authorization", "canary-header")
      )
      const failure = yield* Effect.flip(send(request)).pipe(Effect.withSpan("outer"), Effect.withTracer(counting))
      assert.deepStrictEqual(spans, ["outer"])
      assert.notProperty(received[0]?.headers, "traceparent")
      assert.notProperty(received[0]?.headers, "b3")
      assert.notInclude(`${failure.message} ${JSON.stringify(failure)} ${failure.stack}`, "canary")
    })
  )
})

describe("why a neighbour did not answer", () => {
  it("is told by the system's codes, never by a text", () => {
    const nested = new Error("outer", { cause: Object.assign(new Error("inner"), { code: "CERT_HAS_EXPIRED" }) })
    assert.deepInclude(failureOf("n", nested), { reason: "unreachable", code: "CERT_HAS_EXPIRED" })
    const several = new AggregateError([Object.assign(new Error("one"), { code: "ECONNREFUSED" })])
    assert.deepInclude(failureOf("n", several), { reason: "unreachable", code: "ECONNREFUSED" })
    const odd = Object.assign(new Error("Bearer canary"), { code: "Bearer canary" })
    assert.notInclude(JSON.stringify(failureOf("n", odd)), "canary")
  })
})
