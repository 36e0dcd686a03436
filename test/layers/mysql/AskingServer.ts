import { createServer, type Socket } from "node:net"
import { Duplex, PassThrough } from "node:stream"
import { TLSSocket } from "node:tls"
import { Effect } from "effect"

/** How the server selects the authentication method: in its greeting, or by a switch request. */
export interface Question {
  readonly plugin: string
  readonly when: "greeting" | "switch"
}

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** MySQL 8.4 Internals, "Capabilities Flags": PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH, PLUGIN_AUTH_LENENC_CLIENT_DATA, CONNECT_WITH_DB. */
const capabilities = 0x0000_0200 | 0x0000_0800 | 0x0000_8000 | 0x0008_0000 | 0x0020_0000 | 0x0000_0008

const scramble = Buffer.from("abcdefghijklmnopqrst")

const packet = (sequence: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUIntLE(payload.length, 0, 3)
  head.writeUInt8(sequence, 3)
  return Buffer.concat([head, payload])
}

const number = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntLE(value, 0, bytes)
  return buffer
}

/** "Protocol::HandshakeV10" */
const greeting = (plugin: string): Buffer =>
  packet(
    0,
    Buffer.concat([
      Buffer.from([10]),
      Buffer.from("8.4.0\0"),
      number(1, 4),
      scramble.subarray(0, 8),
      Buffer.from([0]),
      number(capabilities & 0xffff, 2),
      Buffer.from([255]),
      number(2, 2),
      number(capabilities >>> 16, 2),
      Buffer.from([21]),
      Buffer.alloc(10),
      scramble.subarray(8),
      Buffer.from([0]),
      Buffer.from(`${plugin}\0`)
    ])
  )

/** "Protocol::AuthSwitchRequest" */
const switchTo = (plugin: string): Buffer =>
  packet(3, Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), scramble, Buffer.from([0])]))

/** "Protocol::SSLRequest": what follows it is TLS. */
const requestBytes = 36

const afterRequest = (socket: Socket): Duplex => {
  const rest = new PassThrough()
  let seen = 0
  socket.on("data", (data: Buffer) => {
    rest.write(data.subarray(Math.max(0, requestBytes - seen)))
    seen += data.length
  })
  return Duplex.from({ readable: rest, writable: socket })
}

const ask = (socket: Socket, question: Question, { cert, key }: Certificate, heard: Array<Buffer>) => {
  socket.write(greeting(question.when === "greeting" ? question.plugin : "mysql_native_password"))
  const safe = new TLSSocket(afterRequest(socket), { isServer: true, key, cert })
  safe.on("error", () => undefined)
  safe.once("data", () => safe.write(switchTo(question.plugin)))
  safe.on("data", (data: Buffer) => heard.push(data))
}

/**
 * A MySQL server with TLS that requests the password and rejects every login; `heard` is what the client sent inside TLS. Ends
 * with the scope.
 */
export const askingServer = (question: Question, certificate: Certificate) =>
  Effect.gen(function* () {
    const heard: Array<Buffer> = []
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined))
      ask(socket, question, certificate, heard)
    })
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
    )
    return { port, heard: Effect.sync(() => Buffer.concat(heard).toString("latin1")) }
  })
