import * as http from "node:http"
import * as http2 from "node:http2"
import * as net from "node:net"
import { createEndpointHandler } from "@restatedev/restate-sdk"
import { Duration, Effect, type Runtime, Schedule, Schema, type Scope } from "effect"
import { EndableInput } from "./EndableInput.ts"
import type { Observer } from "./Observer.ts"
import { sdkLogger } from "./SdkLogger.ts"
import type { VirtualObject } from "./VirtualObject.ts"

export interface EndpointOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Public keys (`publickeyv1_...`) of the servers that may call. Empty: anyone who reaches the port may. */
  readonly identityKeys: ReadonlyArray<string>
  /** How long running steps may take to end once the endpoint closes. Zero cuts every connection at once. */
  readonly drain: Duration.DurationInput
  /** Paths that are answered by something else on the same port, such as health probes. */
  readonly beside?: { readonly prefix: string; readonly listener: http.RequestListener }
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The port could not be opened. */
export class EndpointUnavailable extends Schema.TaggedError<EndpointUnavailable>()("EndpointUnavailable", {
  host: Schema.String,
  port: Schema.Number,
  code: Schema.String
}) {
  override get message(): string {
    return `cannot listen on ${this.host}:${this.port}: ${this.code}`
  }
}

/** First bytes of HTTP/2 with prior knowledge (RFC 9113, section 3.4). No HTTP/1.1 method begins like this. */
const http2Preface = "PRI"
const highestStreamId = 2 ** 31 - 1
const headersTimeoutMillis = 30_000
const pollInterval = Duration.millis(20)
/** What an attempt wrote last needs a moment to reach the server. */
const quietPolls = 5

/** Counts step bodies in flight, so that the endpoint knows when it may cut its connections. */
export interface StepsInFlight {
  readonly observer: Observer
  readonly count: () => number
}

export const countSteps = (inner: Observer): StepsInFlight => {
  let inFlight = 0
  return {
    count: () => inFlight,
    observer: {
      ...inner,
      stepStarted: (step) => {
        inFlight++
        inner.stepStarted(step)
      },
      stepEnded: (step) => {
        inFlight--
        inner.stepEnded(step)
      }
    }
  }
}

/**
 * Serves the objects to Restate on one port: HTTP/2 cleartext for Restate, HTTP/1.1 for probes. When the scope closes
 * it sends GOAWAY and suspends every attempt: at once where it waits, after its step where one runs. What has not ended
 * within the drain bound is cut, and Restate repeats it elsewhere. Probes are answered until then.
 */
export const serveEndpoint = (
  objects: ReadonlyArray<VirtualObject>,
  steps: StepsInFlight,
  options: EndpointOptions
): Effect.Effect<Address, EndpointUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.flatMap(Effect.runtime<never>(), (runtime) => listen(new Listener(objects, runtime, options), options)),
    (listener) => drain(listener, steps, options.drain)
  ).pipe(Effect.map((listener) => ({ host: options.host, port: listener.port })))

class Listener {
  readonly server: net.Server
  readonly sessions = new Set<http2.ServerHttp2Session>()
  /** The input of every request of Restate that has no end yet. */
  readonly requests = new Set<EndableInput>()
  readonly #sockets = new Set<net.Socket>()
  #draining = false

  constructor(objects: ReadonlyArray<VirtualObject>, runtime: Runtime.Runtime<never>, options: EndpointOptions) {
    const restate = createEndpointHandler({
      services: [...objects],
      identityKeys: [...options.identityKeys],
      logger: sdkLogger(runtime)
    })
    const { beside } = options
    const http1 = http.createServer({ headersTimeout: headersTimeoutMillis }, (request, response) => {
      if (beside !== undefined && request.url?.startsWith(beside.prefix)) beside.listener(request, response)
      else restate(request, response)
    })
    const http2Server = http2.createServer((request, response) => {
      const input = new EndableInput(request)
      // The SDK reads a request through its iterator and in no other way.
      Object.defineProperty(request, Symbol.asyncIterator, { value: () => input[Symbol.asyncIterator]() })
      this.requests.add(input)
      if (this.#draining) input.end()
      response.once("close", () => this.requests.delete(input))
      restate(request, response)
    })
    http2Server.on("session", (session) => {
      this.sessions.add(session)
      session.once("close", () => this.sessions.delete(session))
      if (this.#draining) session.close()
    })
    this.server = net.createServer((socket) => {
      this.#sockets.add(socket)
      socket.once("close", () => this.#sockets.delete(socket))
      socket.on("error", () => socket.destroy())
      route(socket, http1, http2Server)
    })
  }

  get port(): number {
    const address = this.server.address()
    return address === null || typeof address === "string" ? 0 : address.port
  }

  /**
   * GOAWAY to Restate, also on connections that come now, and the end of every attempt's input. Probes are still answered:
   * they must see that this worker is leaving.
   */
  refuseWork(): void {
    this.#draining = true
    for (const session of this.sessions) sayGoodbye(session)
    for (const input of this.requests) input.end()
  }

  cut(): void {
    this.server.close()
    for (const session of this.sessions) session.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }
}

/**
 * Refuses no request that was on its way (RFC 9113, section 6.8): the first GOAWAY only asks for no more of them, the
 * second, a round trip later, says which was the last.
 */
const sayGoodbye = (session: http2.ServerHttp2Session): void => {
  session.goaway(http2.constants.NGHTTP2_NO_ERROR, highestStreamId)
  session.ping(() => session.close())
}

/** Hands the connection to the protocol its first bytes speak. */
const route = (socket: net.Socket, http1: http.Server, http2Server: http2.Http2Server): void => {
  const read = (): void => {
    const chunk: unknown = socket.read()
    if (!Buffer.isBuffer(chunk)) {
      socket.once("readable", read)
      return
    }
    socket.unshift(chunk)
    const start = chunk.toString("latin1", 0, http2Preface.length)
    const server = http2Preface.startsWith(start) ? http2Server : http1
    server.emit("connection", socket)
  }
  socket.once("readable", read)
}

const listen = (listener: Listener, options: EndpointOptions): Effect.Effect<Listener, EndpointUnavailable> =>
  Effect.async((resume) => {
    const { host, port } = options
    const refuse = (error: NodeJS.ErrnoException): void =>
      resume(Effect.fail(new EndpointUnavailable({ host, port, code: error.code ?? error.name })))
    listener.server.once("error", refuse)
    listener.server.listen(port, host, () => {
      listener.server.off("error", refuse)
      resume(Effect.succeed(listener))
    })
  })

const drain = (listener: Listener, steps: StepsInFlight, bound: Duration.DurationInput): Effect.Effect<void> =>
  Effect.suspend(() => {
    listener.refuseWork()
    let quiet = 0
    const idle = Effect.sync(() => {
      // A step may outlive the connection of its attempt.
      quiet = steps.count() === 0 && listener.requests.size === 0 ? quiet + 1 : 0
      return listener.sessions.size === 0 || quiet >= quietPolls
    })
    return Effect.repeat(idle, { until: (done) => done, schedule: Schedule.spaced(pollInterval) }).pipe(
      // A finalizer cannot be interrupted, so what the bound must cut short has to allow it.
      Effect.interruptible,
      Effect.timeoutOption(bound),
      Effect.zipRight(Effect.sync(() => listener.cut()))
    )
  })
