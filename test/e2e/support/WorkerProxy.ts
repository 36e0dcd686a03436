import * as http2 from "node:http2"
import type { AddressInfo } from "node:net"
import { Effect, type Scope } from "effect"
import { type WorkerMessage, workerMessages } from "./workerMessages.ts"

/** A message on its way to Restate, with what is known of the attempt that sent it. */
export interface Passage extends WorkerMessage {
  /** `hydra.v1.DeployService/Deploy` */
  readonly target: string
  /** Whether the attempt's input or replayed journal contains this text. */
  readonly mentions: (text: string) => boolean
}

export interface WorkerProxyOptions {
  /** Where the workers are. One that has said goodbye gets nothing more as long as another one has not. */
  readonly workers: ReadonlyArray<string>
  /** Which of them gets an attempt: the next one, or always the first of them. Default `next`. */
  readonly choose?: "next" | "first"
  /** Sees every message before it is passed on. `hold` keeps it and all that follow it on its attempt back for good. */
  readonly inspect?: (passage: Passage) => "pass" | "hold"
}

/**
 * One address for several workers, which Restate takes for one deployment, and the place where a test sees and stops
 * what a worker has done but Restate does not know yet. Speaks HTTP/2 cleartext, as both sides do.
 */
export const workerProxy = (options: WorkerProxyOptions): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<RunningProxy>((resume) => {
      const running = new RunningProxy(options)
      running.server.listen(0, "127.0.0.1", () => resume(Effect.succeed(running)))
    }),
    (running) => Effect.sync(() => running.close())
  ).pipe(Effect.map((running) => running.url))

const attempts = "/invoke/"

/** What of a worker's chunk goes on to Restate now. */
interface Pass {
  (chunk: Buffer): ReadonlyArray<Buffer>
  readonly holds: () => boolean
}

const passAll: Pass = Object.assign((chunk: Buffer) => [chunk], { holds: () => false })

const passInspected = (inspect: (message: WorkerMessage) => "pass" | "hold"): Pass => {
  const read = workerMessages()
  let held = false
  const passes = (message: WorkerMessage) => {
    held ||= inspect(message) === "hold"
    return !held
  }
  return Object.assign(
    (chunk: Buffer) =>
      read(chunk)
        .filter(passes)
        .map(({ bytes }) => bytes),
    { holds: () => held }
  )
}

/** GOAWAY arrived before the request was sent: a load balancer sends it elsewhere unnoticed. */
const wasNeverSent = (stream: http2.ClientHttp2Stream): boolean =>
  stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM

class RunningProxy {
  readonly server = http2.createServer()
  readonly #options: WorkerProxyOptions
  readonly #incoming = new Set<http2.ServerHttp2Session>()
  readonly #outgoing = new Map<string, http2.ClientHttp2Session>()
  readonly #leaving = new Set<string>()
  #turn = 0

  constructor(options: WorkerProxyOptions) {
    this.#options = options
    this.server.on("session", (session) => {
      this.#incoming.add(session)
      session.once("close", () => this.#incoming.delete(session))
    })
    this.server.on("stream", (stream, headers) => this.#forward(stream, headers))
  }

  get url(): string {
    // A TCP server that listens has an address with a port.
    const { port } = this.server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  close(): void {
    this.server.close()
    for (const session of [...this.#incoming, ...this.#outgoing.values()]) session.destroy()
  }

  #forward(restate: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    let session = this.#nextWorker()
    let worker = session.request(headers)
    const path = String(headers[":path"])
    const inspect = path.startsWith(attempts) ? this.#options.inspect : undefined
    const heard: Array<string> = []
    const unanswered: Array<Buffer> = []
    const cut = () => restate.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    restate.on("data", (chunk: Buffer) => {
      if (inspect !== undefined) heard.push(chunk.toString("latin1"))
      if (!restate.headersSent) unanswered.push(chunk)
      worker.write(chunk)
    })
    restate.on("end", () => worker.end())
    restate.on("error", () => worker.close(http2.constants.NGHTTP2_CANCEL))
    restate.on("close", () => worker.close(http2.constants.NGHTTP2_CANCEL))
    const attempt = { target: path.replace(attempts, ""), mentions: (text: string) => heard.join("").includes(text) }
    const pass = inspect === undefined ? passAll : passInspected((message) => inspect({ ...attempt, ...message }))
    const answerFrom = (stream: http2.ClientHttp2Stream): void => {
      let ended = false
      stream.on("response", (response) => (restate.destroyed ? undefined : restate.respond(response)))
      stream.on("data", (chunk: Buffer) => {
        for (const bytes of pass(chunk)) restate.write(bytes)
      })
      stream.on("end", () => {
        if (wasNeverSent(stream)) return
        ended = true
        // What was held back is lost with the worker, not with the end of its attempt.
        if (pass.holds()) session.once("close", cut)
        else if (restate.headersSent) restate.end()
        // A worker that dies before it responds ends its stream too; passed on, that would be an attempt without an end.
        else cut()
      })
      stream.on("error", () => undefined)
      stream.on("close", () => {
        if (wasNeverSent(stream) && !restate.destroyed) again()
        else if (!ended) cut()
      })
    }
    const again = (): void => {
      session = this.#nextWorker()
      worker = session.request(headers)
      for (const chunk of unanswered) worker.write(chunk)
      if (restate.readableEnded) worker.end()
      answerFrom(worker)
    }
    answerFrom(worker)
  }

  #nextWorker(): http2.ClientHttp2Session {
    const { choose, workers: all } = this.#options
    const staying = all.filter((worker) => !this.#leaving.has(worker))
    const workers = staying.length === 0 ? all : staying
    const turn = choose === "first" ? 0 : this.#turn++
    // A remainder of the list's own length.
    const url = workers[turn % workers.length] as string
    const open = this.#outgoing.get(url)
    if (open !== undefined && !open.destroyed && !open.closed) return open
    const session = http2.connect(url)
    session.on("error", () => session.destroy())
    session.once("goaway", () => this.#leaving.add(url))
    // Every attempt that is held back waits for its end.
    session.setMaxListeners(0)
    session.once("close", () => (this.#outgoing.get(url) === session ? this.#outgoing.delete(url) : undefined))
    this.#outgoing.set(url, session)
    return session
  }
}
