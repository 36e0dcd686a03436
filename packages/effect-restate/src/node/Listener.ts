import * as http from "node:http"
import * as http2 from "node:http2"
import * as net from "node:net"
import type { Readable, Writable } from "node:stream"
import { createEndpointHandler, type JournalValueCodec } from "@restatedev/restate-sdk"
import type { SdkDefinition } from "../attempt/sdkDefinition.ts"
import { Admission } from "./Admission.ts"
import { type ConnectionBounds, type Deadline, watchDeadline } from "./ConnectionBounds.ts"
import { EndableInput } from "./EndableInput.ts"
import { Http2Exchange } from "./Http2Exchange.ts"
import type { Refusals } from "./Refusals.ts"
import { readProtocol } from "./readProtocol.ts"

/** Something that answers the paths of a prefix in place of Restate's handlers, over HTTP/1.1 and HTTP/2. */
export interface Beside {
  readonly prefix: string
  readonly listener: http.RequestListener
}

export interface ListenerOptions {
  readonly services: ReadonlyArray<SdkDefinition>
  readonly identityKeys: ReadonlyArray<string>
  readonly codec: JournalValueCodec | undefined
  readonly beside: Beside | undefined
  readonly bounds: ConnectionBounds
  readonly refusals: Refusals
  /** How many attempts wait for a place, whenever that changes. */
  readonly onWaiting: (count: number) => void
}

const highestStreamId = 2 ** 31 - 1
/** How long a connection may stay open after GOAWAY. */
const goodbyeMillis = 5_000
/** How long a stream may stay open that is refused, or that a probe asked on: a caller need not read its answer. */
const answerMillis = 2_000

interface Connection {
  readonly socket: net.Socket
  readonly deadline: Deadline
  session?: http2.ServerHttp2Session
}

/** A request and its answer, as both protocols have them. */
interface Exchange {
  readonly connection: Connection | undefined
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
  /** What the request sends. */
  readonly body: Readable
  /** Closes the stream once its answer is complete, whatever the caller does. */
  readonly endAfterAnswer: () => void
}

/** The sockets of one port, and the two protocols on them. */
export class Listener {
  readonly server: net.Server
  readonly sessions = new Set<http2.ServerHttp2Session>()
  /** The input of every request of Restate that has no end yet. */
  readonly requests = new Set<EndableInput>()
  readonly #options: ListenerOptions
  readonly #admission: Admission
  readonly #restate: http.RequestListener
  readonly #http1: http.Server
  readonly #http2: http2.Http2Server
  readonly #connections = new Set<Connection>()
  /** Those that have carried no accepted request, oldest first. */
  readonly #strangers = new Set<Connection>()
  /** By socket for HTTP/1.1, by session for HTTP/2. */
  readonly #connectionOf = new WeakMap<object, Connection>()
  #opening: Connection | undefined
  #draining = false

  constructor(options: ListenerOptions) {
    const { bounds, codec, identityKeys, refusals, services } = options
    this.#options = options
    this.#admission = new Admission({
      places: bounds.attempts,
      onFull: () => this.#suspendOldest(),
      onWaiting: options.onWaiting
    })
    // Its type is that of HTTP/1.1 and HTTP/2 at once.
    this.#restate = createEndpointHandler({
      services: [...services],
      identityKeys: [...identityKeys],
      logger: refusals.logger,
      ...(codec === undefined ? {} : { journalValueCodecProvider: () => Promise.resolve(codec) })
    })
    this.#http1 = http.createServer({ maxHeaderSize: bounds.headerBytes }, (request, response) => {
      const connection = this.#connectionOf.get(request.socket)
      this.#serve({ connection, request, response: ignoreErrors(response), body: request, endAfterAnswer: () => {} })
    })
    const settings = { maxConcurrentStreams: bounds.streams, maxHeaderListSize: bounds.headerBytes }
    this.#http2 = http2.createServer({ settings })
    this.#http2.on("session", (session) => this.#addSession(session))
    this.#http2.on("stream", (stream, headers, _, rawHeaders) => this.#serveStream(stream, headers, rawHeaders))
    this.server = net.createServer((socket) => this.#accept(socket))
  }

  get port(): number {
    const address = this.server.address()
    return address === null || typeof address === "string" ? 0 : address.port
  }

  /**
   * GOAWAY to Restate, also on connections that come now, and the end of every attempt's input. Probes are still answered over
   * HTTP/1.1: they must see that this worker is leaving.
   */
  refuseWork(): void {
    this.#draining = true
    for (const session of this.sessions) sayGoodbye(session)
    for (const input of this.requests) input.end()
  }

  cut(): void {
    this.server.close()
    for (const session of this.sessions) session.destroy()
    for (const { socket } of this.#connections) socket.destroy()
  }

  #accept(socket: net.Socket): void {
    const connection: Connection = {
      socket,
      deadline: watchDeadline(this.#options.bounds, {
        silent: () => socket.destroy(),
        idle: () => leave(connection)
      })
    }
    this.#connections.add(connection)
    this.#strangers.add(connection)
    socket.once("close", () => {
      connection.deadline.clear()
      this.#connections.delete(connection)
      this.#strangers.delete(connection)
    })
    socket.on("error", () => socket.destroy())
    if (this.#connections.size > this.#options.bounds.connections) this.#makeRoom()
    readProtocol(socket, (isHttp2) => {
      if (isHttp2) this.#speakHttp2(connection)
      else this.#speakHttp1(connection)
    })
  }

  #makeRoom(): void {
    const [oldest] = this.#strangers
    oldest?.socket.destroy()
  }

  #speakHttp1(connection: Connection): void {
    this.#connectionOf.set(connection.socket, connection)
    this.#http1.emit("connection", connection.socket)
  }

  #speakHttp2(connection: Connection): void {
    // The server tells of the session before `emit` returns.
    this.#opening = connection
    this.#http2.emit("connection", connection.socket)
    this.#opening = undefined
  }

  #addSession(session: http2.ServerHttp2Session): void {
    const connection = this.#opening
    if (connection !== undefined) {
      connection.session = session
      this.#connectionOf.set(session, connection)
    }
    this.sessions.add(session)
    session.once("close", () => this.sessions.delete(session))
    if (this.#draining) session.close()
  }

  #serveStream(
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    rawHeaders: ReadonlyArray<string>
  ): void {
    const connection = stream.session === undefined ? undefined : this.#connectionOf.get(stream.session)
    const [request, response] = this.#isBeside(headers[":path"])
      ? [
          new http2.Http2ServerRequest(stream, headers, {}, rawHeaders),
          ignoreErrors(new http2.Http2ServerResponse(stream))
        ]
      : bothOf(new Http2Exchange(stream, headers))
    this.#serve({
      connection,
      // Those of HTTP/2 have the methods and events of HTTP/1.1's that are used: Node's all that any listener does, ours the SDK's.
      request: request as unknown as http.IncomingMessage,
      response: response as unknown as http.ServerResponse,
      body: stream,
      endAfterAnswer: () => closeAfterAnswer(stream)
    })
  }

  #isBeside(url = ""): boolean {
    const { beside } = this.#options
    return beside !== undefined && url.startsWith(beside.prefix)
  }

  #serve(exchange: Exchange): void {
    const { connection, endAfterAnswer, request, response } = exchange
    connection?.deadline.began()
    response.once("close", () => connection?.deadline.ended())
    if (this.#isBeside(request.url)) {
      endAfterAnswer()
      this.#options.beside?.listener(request, response)
    } else if (isAttempt(request.url))
      response.once(
        "close",
        this.#admission.enter(() => this.#answer(exchange))
      )
    else this.#answer(exchange)
  }

  #answer({ body, connection, endAfterAnswer, request, response }: Exchange): void {
    const input = new EndableInput(body)
    // The SDK reads a request through its iterator and in no other way.
    Object.defineProperty(request, Symbol.asyncIterator, { value: () => input[Symbol.asyncIterator]() })
    const abandon = (): void => {
      // The SDK reads a request that it does not serve to its end before it answers.
      input.abandon()
      if (request.httpVersionMajor === 1) response.setHeader("connection", "close")
      endAfterAnswer()
    }
    this.#options.refusals.watch(response, () => this.#restate(request, response), {
      accepted: () => {
        if (isUnsignedPath(request.url)) return abandon()
        if (connection !== undefined) this.#know(connection)
        if (isAttempt(request.url)) response.once("close", this.#admission.hold())
        if (request.httpVersionMajor === 1) return
        this.requests.add(input)
        response.once("close", () => this.requests.delete(input))
        if (this.#draining) input.end()
      },
      refused: abandon
    })
  }

  /** The oldest attempt that has not been asked yet. Over HTTP/1.1 an attempt cannot be asked, and ends with its next wait. */
  #suspendOldest(): void {
    for (const input of this.requests) {
      if (input.isEnding) continue
      input.end()
      return
    }
  }

  #know(connection: Connection): void {
    connection.deadline.accepted()
    this.#strangers.delete(connection)
  }
}

/** Restate asks for an attempt at `/invoke/<service>/<handler>`, below whatever the deployment's address has for a path. */
const isAttempt = (url = ""): boolean => url.includes("/invoke/")

/** What parsing as a URL leaves as it is. */
const plainPath = /^[\w/-]*$/

/** The SDK answers such a path with 200 before it looks for a signature, and reads whatever is sent to it. */
const isUnsignedPath = (url = ""): boolean =>
  (plainPath.test(url) ? url : new URL(url, "http://localhost").pathname).endsWith("/health")

/** Those of a caller that has left. The writer is told by the callback of the write, or does not need to know. */
const ignoreErrors = <Answer extends Writable>(answer: Answer): Answer => answer.on("error", () => {})

const bothOf = <A>(value: A): readonly [A, A] => [value, value]

/**
 * Ends a stream once its answer is complete, whether or not the caller has ended its part (RFC 9113, section 8.1). The response
 * tells that it is complete only after the caller has ended, so the stream is asked.
 */
const closeAfterAnswer = (stream: http2.ServerHttp2Stream): void => {
  stream.once("finish", () => stream.close(http2.constants.NGHTTP2_NO_ERROR))
  const cut = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), answerMillis).unref()
  stream.once("close", () => clearTimeout(cut))
}

/** An idle connection of Restate ends in good order. A caller that takes no notice is cut off. */
const leave = ({ session, socket }: Connection): void => {
  if (session === undefined) return void socket.destroy()
  sayGoodbye(session)
  const cut = setTimeout(() => socket.destroy(), goodbyeMillis).unref()
  socket.once("close", () => clearTimeout(cut))
}

/**
 * Refuses no request that was on its way (RFC 9113, section 6.8): the first GOAWAY only asks for no more of them, the
 * second, a round trip later, says which was the last.
 */
const sayGoodbye = (session: http2.ServerHttp2Session): void => {
  // Destroyed by an error of its socket: it is told as closed in a later turn.
  if (session.destroyed) return
  session.goaway(http2.constants.NGHTTP2_NO_ERROR, highestStreamId)
  session.ping(() => session.close())
}
