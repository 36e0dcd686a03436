import * as http2 from "node:http2"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { identityHeaders, makeIdentityKey } from "../../../test/support/requestIdentity.ts"
import { isFull } from "../../../test/support/size.ts"
import { memoryRecorder, Recorder } from "./fixtures/Recorder.ts"
import { refusingServer } from "./fixtures/refusingServer.ts"
import { ask, connect, openSocket, RecorderTest, serve, untilClosed } from "./fixtures/serving.ts"
import { poll } from "./suite/Host.ts"

const key = makeIdentityKey()
const identityKeys = [key.publicKey]
const invoke = "/invoke/Probe/get"
const post = { ":method": "POST", ":path": invoke, "content-type": "application/vnd.restate.invocation.v5" }
const mib = 1_048_576
const initialWindow = 65_535

/** Asks for the manifest, which answers 200 to Restate and needs no journal. */
const discover = (headers: Readonly<Record<string, string>>) => ({
  ":path": "/discover",
  accept: "application/vnd.restate.endpointmanifest.v4+json",
  ...headers
})

describe("an endpoint with identity keys", () => {
  it.scopedLive("accepts what a server signed with its key, also a second time within the minute of its validity", () =>
    Effect.gen(function* () {
      const session = yield* connect((yield* serve({ identityKeys })).port)
      const headers = identityHeaders(key, "/discover")
      assert.strictEqual((yield* ask(session, discover(headers))).status, 200)
      // The scheme covers path and time only: https://docs.restate.dev/services/security#locking-down-service-access
      assert.strictEqual((yield* ask(session, discover(headers))).status, 200)
    }).pipe(Effect.provide(RecorderTest))
  )

  const refused: ReadonlyArray<readonly [string, Readonly<Record<string, string>>]> = [
    ["is not signed", {}],
    ["was signed for another path", identityHeaders(key, invoke)],
    ["has expired", identityHeaders(key, "/discover", { notBefore: -180, expires: -120 })],
    ["is not valid yet", identityHeaders(key, "/discover", { notBefore: 120, expires: 180 })],
    [
      "was signed with another key under the name of ours",
      identityHeaders({ ...makeIdentityKey(), publicKey: key.publicKey }, "/discover")
    ],
    ["was signed with another key", identityHeaders(makeIdentityKey(), "/discover")]
  ]
  for (const [what, headers] of refused) {
    it.scopedLive(`refuses a request that ${what}`, () =>
      Effect.gen(function* () {
        const session = yield* connect((yield* serve({ identityKeys })).port)
        assert.strictEqual((yield* ask(session, discover(headers))).status, 401)
      }).pipe(Effect.provide(RecorderTest))
    )
  }
})

describe("a request that is refused", () => {
  it.scopedLive("has its stream closed after the answer, although its body never ends", () =>
    Effect.gen(function* () {
      const session = yield* connect((yield* serve({ identityKeys })).port)
      for (const path of [invoke, "/nowhere", "/x/health"]) {
        const { code, status } = yield* ask(session, { ...post, ":path": path }, false)
        assert.strictEqual(status, { [invoke]: 401, "/nowhere": 404 }[path] ?? 200, path)
        assert.strictEqual(code, http2.constants.NGHTTP2_NO_ERROR)
      }
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("has its stream closed although its caller does not read the answer", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ identityKeys })
      const session = yield* Effect.acquireRelease(
        Effect.sync(() => http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } })),
        (opened) => Effect.sync(() => opened.destroy())
      )
      const { code } = yield* ask(session, post, false)
      assert.strictEqual(code, http2.constants.NGHTTP2_CANCEL)
    }).pipe(Effect.timeout("10 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("has none of its body taken over HTTP/2, and others on the connection are answered", () =>
    Effect.gen(function* () {
      const session = yield* connect((yield* serve({ identityKeys })).port)
      for (let opened = 0; opened < 20; opened++) {
        const request = session.request(post)
        request.on("error", () => {})
        // More than the connection's window, which the server has to give back for the next one to be sent.
        request.write(Buffer.alloc(2 * initialWindow))
        const status = yield* Effect.async<number>((resume) => {
          request.once("response", (head) => resume(Effect.succeed(Number(head[":status"]))))
        })
        assert.strictEqual(status, 401)
        request.close()
      }
      assert.strictEqual((yield* ask(session, discover(identityHeaders(key, "/discover")))).status, 200)
      // No more than what the client may send before anything is read (RFC 9113, section 6.9.2).
      assert.isBelow(session.socket.bytesWritten, 21 * initialWindow)
    }).pipe(Effect.timeout("20 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive(
    "is answered over HTTP/1.1 before its body, and the connection is closed instead of taking 64 MiB",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ identityKeys })
        const head = `POST ${invoke} HTTP/1.1\r\nHost: x\r\nContent-Type: a\r\nTransfer-Encoding: chunked\r\n\r\n`
        const waiting = yield* openSocket(port, head)
        assert.match(yield* untilClosed(waiting), /^HTTP\/1\.1 401 [\s\S]*connection: close/i)

        const flood = yield* openSocket(port, head)
        const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(mib), Buffer.from("\r\n")])
        for (let sent = 0; sent < 64; sent++) flood.write(chunk)
        yield* untilClosed(flood)
        // What the sockets of both sides hold, which the kernel decides.
        assert.isBelow(flood.bytesWritten - flood.writableLength, 32 * mib)
      }).pipe(Effect.timeout("20 seconds"), Effect.provide(RecorderTest))
  )

  it.scopedLive("by a caller that leaves at once ends neither the process nor the port", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ identityKeys })
      for (let left = 0; left < 50; left++) {
        const socket = yield* openSocket(port)
        socket.end(`POST ${invoke} HTTP/1.1\r\nHost: x\r\nContent-Type: a\r\nContent-Length: 10\r\n\r\n`)
        socket.resetAndDestroy()
        const session = yield* connect(port)
        const request = session.request(post)
        request.on("error", () => {})
        request.close(http2.constants.NGHTTP2_CANCEL)
      }
      const session = yield* connect(port)
      assert.strictEqual((yield* ask(session, discover(identityHeaders(key, "/discover")))).status, 200)
    }).pipe(Effect.timeout("20 seconds"), Effect.provide(RecorderTest))
  )
})

describe("20,000 refused streams whose bodies never end", () => {
  it.scopedLive.runIf(isFull)("are all closed, and the heap grows by less than 10 MiB", () =>
    Effect.gen(function* () {
      const server = yield* refusingServer(identityKeys)
      const before = yield* server.heapUsed
      for (let connection = 0; connection < 20; connection++) {
        const session = yield* connect(server.port)
        yield* Effect.replicateEffect(ask(session, post, false), 1_000, { concurrency: "unbounded", discard: true })
      }
      const after = yield* server.heapUsed
      assert.isBelow((after - before) / mib, 10)
    }).pipe(Effect.timeout("1 minute"))
  )
})

describe("the log of refused requests", () => {
  it.scopedLive("has one line at once and then one a minute, with their count and the reason of the latest", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => {
          if (logLevel._tag !== "Info") lines.push(message)
        })
      )
      const scope = yield* Scope.make()
      const { port } = yield* Effect.provide(Scope.extend(serve({ identityKeys, drain: 0 }), scope), logger)
      const session = yield* connect(port)
      yield* ask(session, post)
      yield* poll(
        "the first line",
        Effect.sync(() => lines.length > 0)
      )
      for (let asked = 0; asked < 30; asked++) yield* ask(session, post)
      for (let left = 0; left < 10; left++) {
        const request = session.request(post)
        request.on("error", () => {})
        request.close(http2.constants.NGHTTP2_CANCEL)
      }
      yield* ask(session, { ...post, ":path": "/nowhere" })
      assert.lengthOf(lines, 1)
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(lines, 2)
      const [first, rest] = lines as ReadonlyArray<
        readonly [string, { readonly count: number; readonly latest: string }]
      >
      assert.deepInclude(first?.[1], { count: 1 })
      assert.match(first?.[1].latest ?? "", /^401 /)
      assert.isAtLeast(rest?.[1].count ?? 0, 31)
      assert.match(rest?.[1].latest ?? "", /^404/)
    }).pipe(Effect.timeout("20 seconds"), Effect.provide(Layer.sync(Recorder, memoryRecorder)))
  )
})
