import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** A client packet: the proxy connection, counted from 1, its number within the command, and its payload. */
export interface ClientPacket {
  readonly connection: number
  readonly sequence: number
  readonly payload: Buffer
}

/** `forward` sends the payload to the server; `answer` drops it and responds itself. */
export type Interception = { readonly forward: Buffer } | { readonly answer: Buffer }

const headBytes = 4

const packet = (sequence: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(headBytes)
  head.writeUIntLE(payload.length, 0, 3)
  head.writeUInt8(sequence, 3)
  return Buffer.concat([head, payload])
}

/** MySQL Internals, "ERR_Packet" of protocol 4.1. */
export const errorPacket = (errno: number, sqlState: string): Buffer => {
  const code = Buffer.alloc(2)
  code.writeUInt16LE(errno)
  return Buffer.concat([Buffer.from([0xff]), code, Buffer.from(`#${sqlState}refused`)])
}

/** The complete packets at the start of `data`, and the rest. */
const split = (data: Buffer): { readonly packets: ReadonlyArray<Buffer>; readonly rest: Buffer } => {
  const packets: Array<Buffer> = []
  let at = 0
  while (data.length - at >= headBytes && data.length - at >= headBytes + data.readUIntLE(at, 3)) {
    const end = at + headBytes + data.readUIntLE(at, 3)
    packets.push(data.subarray(at, end))
    at = end
  }
  return { packets, rest: data.subarray(at) }
}

const serve = (
  client: Socket,
  server: Socket,
  connection: number,
  intercept: (packet: ClientPacket) => Interception
) => {
  let pending = Buffer.alloc(0)
  client.on("data", (data) => {
    const { packets, rest } = split(Buffer.concat([pending, data]))
    pending = Buffer.from(rest)
    for (const whole of packets) {
      const sequence = whole.readUInt8(3)
      const result = intercept({ connection, sequence, payload: whole.subarray(headBytes) })
      if ("forward" in result) server.write(packet(sequence, result.forward))
      else client.write(packet(sequence + 1, result.answer))
    }
  })
  server.on("data", (data) => client.write(data))
  for (const socket of [client, server]) {
    socket.on("error", () => undefined)
    socket.on("close", () => {
      client.destroy()
      server.destroy()
    })
  }
}

/** A proxy in front of a MySQL server, without TLS, that can change or answer any client packet. Ends with the scope. */
export const interceptingProxy = (target: { readonly host: string; readonly port: number }) =>
  Effect.gen(function* () {
    let current: (packet: ClientPacket) => Interception = ({ payload }) => ({ forward: payload })
    let connections = 0
    const sockets = new Set<Socket>()
    const listener = createServer((client) => {
      const server = connect(target.port, target.host)
      sockets.add(client).add(server)
      connections += 1
      serve(client, server, connections, (packet) => current(packet))
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        listener.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          listener.close(() => resume(Effect.void))
        })
    )
    return {
      // A listening TCP server has an address object, never a path.
      port: (listener.address() as AddressInfo).port,
      connections: Effect.sync(() => connections),
      intercept: (next: (packet: ClientPacket) => Interception) =>
        Effect.sync(() => {
          current = next
        })
    }
  })
