import { connect } from "node:http2"
import { Duplex } from "node:stream"
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status
} from "@grpc/grpc-js"
import { Effect, type Scope } from "effect"
import {
  AuthService,
  type BuildHistoryEvent,
  ControlService,
  type InfoResponse,
  SecretsService,
  type SolveRequest,
  type SolveResponse,
  type StatusResponse
} from "../../src/layers/builder/buildkit/descriptors.ts"
import type { Certificates } from "./certificates.ts"

/** Calls that a build makes to the worker over its session. */
export interface Asking {
  /** The secret's text, or gRPC's error code. */
  readonly secret: (id: string) => Promise<string | number>
  readonly credentials: (host: string) => Promise<{ readonly username: string; readonly secret: string } | number>
  /** Whether the worker fetches tokens of that registry: gRPC's code. */
  readonly authority: (host: string) => Promise<number>
  readonly token: (host: string, scopes: ReadonlyArray<string>) => Promise<string | number>
  /** Calls any method with an empty message: gRPC's code. */
  readonly method: (path: string) => Promise<number>
}

export interface Failure {
  readonly code: status
  readonly text: string
  /** google.rpc.Status in protobuf, as BuildKit sends it with an error code. */
  readonly details?: Buffer
}

/** The script of a build: its events and result; null never ends. */
export type Play = (solve: {
  readonly request: SolveRequest
  readonly ask: Asking
  readonly emit: (events: StatusResponse) => void
}) => Promise<{ readonly digest: string } | Failure | null>

export interface BuildkitServer {
  /** `tcp://127.0.0.1:<port>`. */
  readonly address: string
  readonly solves: ReadonlyArray<SolveRequest>
  /** Refs of builds whose caller disconnected. */
  readonly cancelled: ReadonlyArray<string>
  /** Closes every connection, as a killed daemon does. */
  readonly die: () => void
}

interface Bytes {
  readonly data: Buffer
}

const overStream = (call: ServerDuplexStream<Bytes, Bytes>): Duplex => {
  const stream = new Duplex({
    read: () => undefined,
    write: (data: Buffer, _, done) => {
      call.write({ data })
      done()
    },
    final: (done) => {
      call.end()
      done()
    }
  })
  call.on("data", ({ data }: Bytes) => stream.push(data))
  call.on("end", () => stream.push(null))
  call.on("error", () => stream.destroy())
  stream.on("error", () => undefined)
  return stream
}

/** A handwritten gRPC call: the gRPC client cannot use an existing stream. */
const callOver = (stream: Duplex) => {
  const session = connect("http://session", { createConnection: () => stream })
  session.on("error", () => undefined)
  return (path: string, message: Buffer): Promise<Buffer | number> =>
    new Promise((resolve) => {
      const call = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers"
      })
      const chunks: Array<Buffer> = []
      let code: number = status.UNKNOWN
      const readCode = (headers: { readonly "grpc-status"?: unknown }) => {
        if (headers["grpc-status"] !== undefined) code = Number(headers["grpc-status"])
      }
      call.on("response", readCode)
      call.on("trailers", readCode)
      call.on("data", (chunk: Buffer) => chunks.push(chunk))
      call.on("error", () => resolve(status.UNAVAILABLE))
      call.on("end", () => resolve(code === status.OK ? Buffer.concat(chunks).subarray(5) : code))
      const frame = Buffer.alloc(5)
      frame.writeUInt32BE(message.length, 1)
      call.end(Buffer.concat([frame, message]))
    })
}

const askingOver = (stream: Duplex): Asking => {
  const call = callOver(stream)
  return {
    secret: async (id) => {
      const answer = await call(SecretsService.GetSecret.path, SecretsService.GetSecret.requestSerialize({ id }))
      return typeof answer === "number" ? answer : SecretsService.GetSecret.responseDeserialize(answer).data.toString()
    },
    credentials: async (host) => {
      const { path, requestSerialize, responseDeserialize } = AuthService.Credentials
      const answer = await call(path, requestSerialize({ host }))
      return typeof answer === "number" ? answer : responseDeserialize(answer)
    },
    authority: async (host) => {
      const { path, requestSerialize } = AuthService.GetTokenAuthority
      const answer = await call(path, requestSerialize({ host, salt: Buffer.alloc(32) }))
      return typeof answer === "number" ? answer : status.OK
    },
    token: async (host, scopes) => {
      const { path, requestSerialize, responseDeserialize } = AuthService.FetchToken
      const answer = await call(path, requestSerialize({ host, scopes, clientId: "", realm: "", service: "" }))
      return typeof answer === "number" ? answer : responseDeserialize(answer).token
    },
    method: async (path) => {
      const answer = await call(path, Buffer.alloc(0))
      return typeof answer === "number" ? answer : status.OK
    }
  }
}

/**
 * Simulates a BuildKit daemon: sessions, status streams and solves of BuildKit's API, with scripted builds. With certificates
 * it requires client certificates. Without a version it behaves like BuildKit before 0.11, which lacks the Info call.
 */
export const buildkitServer = (
  play: Play,
  certificates: Certificates | null = null,
  version: string | null = "v0.25.1"
): Effect.Effect<BuildkitServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sessions = new Map<string, (asking: Asking) => void>()
    const askings = new Map<string, Promise<Asking>>()
    const told = new Map<string, Array<StatusResponse | "end">>()
    const watchers = new Map<string, ServerWritableStream<{ ref: string }, StatusResponse>>()
    const solves: Array<SolveRequest> = []
    const running = new Set<string>()
    const cancelled: Array<string> = []

    /** A solve may arrive before its session, as with the real daemon. */
    const askingOf = (id: string): Promise<Asking> => {
      const known = askings.get(id) ?? new Promise<Asking>((resolve) => sessions.set(id, resolve))
      askings.set(id, known)
      return known
    }

    const openSession = (call: ServerDuplexStream<Bytes, Bytes>) => {
      const [id] = call.metadata.get("x-docker-expose-session-uuid")
      askingOf(String(id))
      sessions.get(String(id))?.(askingOver(overStream(call)))
    }

    /** A late subscriber gets all events as well. */
    const tell = (ref: string, event: StatusResponse | "end") => {
      told.set(ref, [...(told.get(ref) ?? []), event])
      show(watchers.get(ref), event)
    }
    const show = (
      watcher: ServerWritableStream<{ ref: string }, StatusResponse> | undefined,
      event: StatusResponse | "end"
    ) => (event === "end" ? watcher?.end() : watcher?.write(event))

    const watch = (call: ServerWritableStream<{ ref: string }, StatusResponse>) => {
      watchers.set(call.request.ref, call)
      for (const event of told.get(call.request.ref) ?? []) show(call, event)
    }

    const solve = async (
      call: ServerUnaryCall<SolveRequest, SolveResponse>,
      answer: sendUnaryData<SolveResponse>
    ): Promise<void> => {
      const { ref, session } = call.request
      solves.push(call.request)
      running.add(ref)
      call.on("cancelled", () => {
        running.delete(ref)
        cancelled.push(ref)
      })
      const ended = await play({
        request: call.request,
        ask: await askingOf(session),
        emit: (events) => tell(ref, events)
      })
      if (ended === null) return
      running.delete(ref)
      tell(ref, "end")
      if ("digest" in ended) {
        return answer(null, { exporterResponse: { "containerimage.digest": ended.digest } })
      }
      const metadata = new Metadata()
      if (ended.details !== undefined) metadata.set("grpc-status-details-bin", ended.details)
      answer({ code: ended.code, details: ended.text, metadata })
    }

    const server = new Server({ "grpc.max_send_message_length": 64 * 1024 * 1024 })
    server.addService(ControlService, {
      ...(version === null
        ? {}
        : {
            Info: (_: unknown, answer: sendUnaryData<InfoResponse>) =>
              answer(null, { buildkitVersion: { package: "github.com/moby/buildkit", version } })
          }),
      ListenBuildHistory: (call: ServerWritableStream<unknown, BuildHistoryEvent>) => {
        for (const ref of running) call.write({ record: { ref } })
        call.end()
      },
      Session: openSession,
      Status: watch,
      Solve: solve
    })
    const credentials =
      certificates === null
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(
            Buffer.from(certificates.ca),
            [
              {
                private_key: Buffer.from(certificates.server.key),
                cert_chain: Buffer.from(certificates.server.certificate)
              }
            ],
            true
          )
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
          resume(error === null ? Effect.succeed(bound) : Effect.die(error))
        )
      }),
      () => Effect.sync(() => server.forceShutdown())
    )
    return { address: `tcp://127.0.0.1:${port}`, solves, cancelled, die: () => server.forceShutdown() }
  })
