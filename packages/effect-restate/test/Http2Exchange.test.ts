import * as http2 from "node:http2"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { Http2Exchange } from "../src/node/Http2Exchange.ts"
import { connect } from "./fixtures/serving.ts"

/** A request whose caller reads no answer, and what the server has of it. */
const unread = Effect.gen(function* () {
  const server = http2.createServer()
  const opened = new Promise<Http2Exchange>((resolve) =>
    server.once("stream", (stream, headers) => resolve(new Http2Exchange(stream, headers)))
  )
  const request = (yield* connect(yield* onLoopback(server))).request({ ":path": "/invoke/Probe/get", "x-one": "1" })
  request.on("error", () => {})
  return { request, exchange: yield* Effect.promise(() => opened) }
})

/** How a write went: at once, later, or with which error. */
const write = (exchange: Http2Exchange, bytes: number) => {
  let outcome: "waits" | "done" | Error = "waits"
  exchange.write(Buffer.alloc(bytes), (error) => {
    outcome = error ?? "done"
  })
  return { now: outcome as typeof outcome, later: () => outcome }
}

const closed = (exchange: Http2Exchange) =>
  Effect.async<void>((resume) => void exchange.once("close", () => resume(Effect.void)))

describe("a request on an HTTP/2 stream", () => {
  it.scopedLive("has the path and the headers that were sent", () =>
    Effect.gen(function* () {
      const { exchange } = yield* unread
      assert.strictEqual(exchange.url, "/invoke/Probe/get")
      assert.strictEqual(exchange.headers["x-one"], "1")
    })
  )

  it.scopedLive("takes small writes at once, and has a writer wait whose caller does not read", () =>
    Effect.gen(function* () {
      const { exchange, request } = yield* unread
      exchange.writeHead(200, {})
      assert.strictEqual(write(exchange, 1024).now, "done")
      const large = write(exchange, 1_048_576)
      assert.strictEqual(large.now, "waits")
      request.resume()
      yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => large.later() === "done" })
    })
  )

  it.scopedLive("answers a write after the caller has left with an error, and other calls with nothing", () =>
    Effect.gen(function* () {
      const { exchange, request } = yield* unread
      const left = closed(exchange)
      request.close(http2.constants.NGHTTP2_CANCEL)
      yield* left
      exchange.writeHead(200, {})
      assert.instanceOf(write(exchange, 1).now, Error)
      let isDone = false
      exchange.end(() => {
        isDone = true
      })
      assert.isTrue(isDone)
      exchange.end(Buffer.from("late"))
      assert.isTrue(exchange.destroyed)
    })
  )

  it.scopedLive("is answered with what was written, in order", () =>
    Effect.gen(function* () {
      const { exchange, request } = yield* unread
      exchange.writeHead(202, { "x-two": "2" })
      write(exchange, 3)
      exchange.end(Buffer.from("end"))
      const answer = yield* Effect.async<string>((resume) => {
        let [text, status] = ["", 0]
        request.on("response", (headers) => {
          status = Number(headers[":status"])
        })
        request.on("data", (chunk) => {
          text += chunk
        })
        request.on("end", () => resume(Effect.succeed(`${status} ${text}`)))
        request.end()
      })
      assert.strictEqual(answer, "202 \0\0\0end")
    })
  )
})
