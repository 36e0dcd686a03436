import * as http2 from "node:http2"
import { assert, describe, it, layer } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Scope } from "effect"
import { RestateClient, testRestate } from "../../../test/support/stack/Restate.ts"
import { silentObserver } from "../src/attempt/Observer.ts"
import { ask, connect, openSocket, RecorderTest, serve, untilClosed } from "./fixtures/serving.ts"
import { freshKey, recorded } from "./suite/Host.ts"

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
const silence = Duration.millis(300)

/** Callers that never come to a request, and what they send. */
const silent: ReadonlyArray<readonly [string, string]> = [
  ["says nothing", ""],
  ["sends one byte of the HTTP/2 preface", "P"],
  ["sends the HTTP/2 preface and then nothing", preface],
  ["begins a head of HTTP/1.1 that never ends", "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: "],
  [
    "asks for a probe and then never ends its body",
    "POST /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
  ]
]

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const settingsFrame = frame(0x4, 0, 0)

/** Heads of `GET http://x/health`, in HPACK's static table and literals (RFC 7541, appendix A), with END_STREAM and END_HEADERS. */
const headersFrames = (count: number): ReadonlyArray<Buffer> => {
  const path = "/health"
  const head = Buffer.concat([
    Buffer.from([0x82, 0x86, 0x04, path.length]),
    Buffer.from(path),
    Buffer.from([0x01, 1]),
    Buffer.from("x")
  ])
  return Array.from({ length: count }, (_, index) => frame(0x1, 0x5, index * 2 + 1, head))
}

/** The streams that were reset with REFUSED_STREAM. */
const refusedStreams = (answer: Buffer): ReadonlyArray<number> => {
  const streams: Array<number> = []
  for (let at = 0; at + 9 <= answer.length; at += 9 + answer.readUIntBE(at, 3)) {
    const isReset = answer.readUInt8(at + 3) === 0x3 && at + 13 <= answer.length
    if (isReset && answer.readUInt32BE(at + 9) === http2.constants.NGHTTP2_REFUSED_STREAM)
      streams.push(answer.readUInt32BE(at + 5))
  }
  return streams
}

/** Sends a byte every few milliseconds, which is no silence on the socket. */
const trickle = (socket: { readonly write: (text: string) => unknown; readonly destroyed: boolean }) =>
  Effect.forkScoped(
    Effect.forever(
      Effect.zipRight(
        Effect.sleep("20 millis"),
        Effect.sync(() => !socket.destroyed && socket.write("a"))
      )
    )
  )

describe("a connection that carries no accepted request", () => {
  for (const [what, first] of silent) {
    it.scopedLive(`is closed when it ${what}`, () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ bounds: { silence } })
        // From before the connection: on a busy machine the server may have it long before this test goes on.
        const [took] = yield* Effect.timed(Effect.flatMap(openSocket(port, first), untilClosed))
        assert.isAtLeast(Duration.toMillis(took), Duration.toMillis(silence) - 20)
      }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
    )
  }

  it.scopedLive("is closed when its head comes a byte at a time", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ bounds: { silence } })
      const socket = yield* openSocket(port, "GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ")
      yield* trickle(socket)
      yield* untilClosed(socket)
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("is closed after its last probe, and not while it goes on asking", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ bounds: { silence } })
      const session = yield* connect(port)
      for (let asked = 0; asked < 6; asked++) {
        yield* Effect.sleep(Duration.times(silence, 0.3))
        assert.strictEqual((yield* ask(session, { ":path": "/health/live" })).status, 200)
      }
      yield* Effect.async<void>((resume) => void session.once("close", () => resume(Effect.void)))
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("makes room for a new one, the oldest first; one that has carried an accepted request stays", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ bounds: { connections: 3 } })
      const known = yield* connect(port)
      const discover = { ":path": "/discover", accept: "application/vnd.restate.endpointmanifest.v4+json" }
      assert.strictEqual((yield* ask(known, discover)).status, 200)
      const oldest = yield* openSocket(port)
      const younger = yield* openSocket(port)
      // The server takes connections in the order in which they were opened.
      const answered = yield* connect(port)
      assert.strictEqual((yield* ask(answered, discover)).status, 200)
      yield* untilClosed(oldest)
      assert.isFalse(younger.closed)
      assert.strictEqual((yield* ask(known, discover)).status, 200)
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )
})

describe("the head of a request", () => {
  const long = "x".repeat(20_000)

  it.scopedLive("is refused with 431 over HTTP/1.1 when it is longer than the bound", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const socket = yield* openSocket(port, `GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ${long}\r\n\r\n`)
      assert.match(yield* untilClosed(socket), /^HTTP\/1\.1 431 /)
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("is refused over HTTP/2 when it is longer than the bound", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const session = yield* connect(port)
      // The bound holds from the caller's acknowledgement of it on; before that Node takes 64 KiB.
      assert.strictEqual((yield* ask(session, { ":path": "/health/live" })).status, 200)
      const { code, status } = yield* ask(session, { ":path": "/health/live", "x-a": long })
      assert.deepStrictEqual({ code, status }, { code: http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, status: 0 })
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )
})

describe("a connection over HTTP/2", () => {
  it.scopedLive("is told how many streams it may open, and has those beyond refused", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ bounds: { streams: 5 }, beside: { prefix: "/health", listener: () => {} } })
      const session = yield* connect(port)
      const settings = yield* Effect.async<http2.Settings>(
        (resume) => void session.once("remoteSettings", (told) => resume(Effect.succeed(told)))
      )
      assert.strictEqual(settings.maxConcurrentStreams, 5)
      // A caller that does not keep to it: Node's client does, so this one writes its frames itself.
      const socket = yield* openSocket(port, Buffer.concat([Buffer.from(preface), settingsFrame, ...headersFrames(8)]))
      const reset = yield* Effect.async<ReadonlyArray<number>>((resume) => {
        let answer = Buffer.alloc(0)
        socket.on("data", (chunk) => {
          answer = Buffer.concat([answer, chunk])
          const refused = refusedStreams(answer)
          if (refused.length === 3) resume(Effect.succeed(refused))
        })
      })
      assert.deepStrictEqual(reset, [11, 13, 15])
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )
})

/** The most attempts that ran at the same time. */
const countAttempts = () => {
  let running = 0
  const counted = {
    most: 0,
    observer: {
      ...silentObserver,
      attemptStarted: () => {
        running += 1
        counted.most = Math.max(counted.most, running)
      },
      attemptEnded: () => {
        running -= 1
      }
    }
  }
  return counted
}

layer(Layer.merge(RecorderTest, testRestate()), { excludeTestServices: true, timeout: "1 minute" })(
  "a connection of Restate",
  (it) => {
    it.scoped("is not cut while an attempt is open, and is left in good order when idle: no attempt fails", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const scope = yield* Scope.make()
        const bounds = { silence: "300 millis", idle: "300 millis" } as const
        const { port } = yield* Scope.extend(serve({ bounds }), scope)
        yield* restate.register(`http://127.0.0.1:${port}`)
        const keys = yield* Effect.replicateEffect(freshKey, 20)
        const ids = yield* Effect.forEach(keys, (key) => restate.send(`Probe/${key}/longStep`, 2_000))
        yield* Effect.forEach(ids, (id) =>
          Effect.map(restate.attach(id), ({ body }) => assert.strictEqual(body, "long"))
        )
        // Idle for longer than the bound, so that the next request has to come over a new connection.
        yield* Effect.sleep("1 second")
        const later = yield* freshKey
        const id = yield* restate.send(`Probe/${later}/longStep`, 10)
        assert.strictEqual((yield* restate.attach(id)).body, "long")
        for (const key of [...keys, later])
          assert.deepStrictEqual(yield* recorded(key), ["long started", "long 1 ended"])
        for (const each of [...ids, id]) {
          assert.deepStrictEqual(yield* restate.sql(`SELECT * FROM sys_journal_events WHERE id = '${each}'`), [])
        }
        yield* Scope.close(scope, Exit.void)
      })
    )

    for (const [what, handler, input, answer] of [
      ["steps", "longStep", 200, "long"],
      ["calls, whose callees need places too", "callsRefused", undefined, "a 3"]
    ] as const)
      it.scoped(`has no more attempts run than may, waits of the others end, and none fails: ${what}`, () =>
        Effect.gen(function* () {
          const restate = yield* RestateClient
          const attempts = countAttempts()
          let mostWaiting = 0
          const onWaiting = (count: number) => {
            mostWaiting = Math.max(mostWaiting, count)
          }
          const { port } = yield* serve({ bounds: { attempts: 3 }, onWaiting }, attempts.observer)
          yield* restate.register(`http://127.0.0.1:${port}`)
          const keys = yield* Effect.replicateEffect(freshKey, 20)
          const ids = yield* Effect.forEach(keys, (key) => restate.send(`Probe/${key}/${handler}`, input))
          const [took] = yield* Effect.timed(
            Effect.forEach(ids, (id) => Effect.map(restate.attach(id), ({ body }) => assert.strictEqual(body, answer)))
          )
          assert.isAtMost(attempts.most, 3)
          assert.isAbove(mostWaiting, 3)
          // Far below the minute after which Restate itself suspends an attempt that waits.
          assert.isBelow(Duration.toSeconds(took), 30)
          for (const id of ids)
            assert.deepStrictEqual(yield* restate.sql(`SELECT * FROM sys_journal_events WHERE id = '${id}'`), [])
        })
      )
  }
)
