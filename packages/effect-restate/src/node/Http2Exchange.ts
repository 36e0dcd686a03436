import type * as http2 from "node:http2"

type Done = (error?: Error | null) => void

const notOpen = (): Error => new Error("the stream is closed")

/**
 * A request on an HTTP/2 stream and its answer, with as much of Node's request and response as Restate's SDK uses. Node's own
 * compatibility classes put a second stream in front of each stream, which an attempt would pay for at every chunk.
 */
export class Http2Exchange {
  readonly httpVersionMajor = 2
  readonly headers: http2.IncomingHttpHeaders
  readonly #stream: http2.ServerHttp2Stream

  constructor(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) {
    this.headers = headers
    this.#stream = stream
    // Of a caller that has left: `close` tells it.
    stream.on("error", () => {})
  }

  get url(): string {
    return this.headers[":path"] ?? "/"
  }

  get destroyed(): boolean {
    return this.#stream.destroyed
  }

  /** Of the stream, which is the request's and the answer's. */
  once(event: "close", listener: () => void): this {
    this.#stream.once(event, listener)
    return this
  }

  writeHead(status: number, headers: http2.OutgoingHttpHeaders): this {
    if (!this.#isOver) this.#stream.respond({ ...headers, ":status": status })
    return this
  }

  /**
   * Tells that it is done as soon as the stream has taken the chunk, and once the chunk has been sent where more wait than the
   * stream is meant to hold. What has been lost by then the caller hears of by `close`.
   */
  write(chunk: Uint8Array, done: Done): boolean {
    if (this.#isOver) {
      done(notOpen())
      return false
    }
    const { writableHighWaterMark, writableLength } = this.#stream
    if (writableLength + chunk.length > writableHighWaterMark) return this.#stream.write(chunk, done)
    this.#stream.write(chunk)
    done()
    return true
  }

  end(last?: Uint8Array | Done): this {
    if (typeof last === "function") {
      if (!this.#isOver) this.#stream.end()
      last()
    } else if (!this.#isOver) this.#stream.end(last)
    return this
  }

  get #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.closed || this.#stream.writableEnded
  }
}
