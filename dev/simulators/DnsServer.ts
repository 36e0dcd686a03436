import { createSocket, type Socket } from "node:dgram"
import { type Socket as Connection, createServer, type Server } from "node:net"
import { type DecodedPacket, decode, encode, type Packet, RECURSION_AVAILABLE } from "dns-packet"
import { Context, type Duration, Effect, FiberSet, Layer, Ref, Schedule, Schema, type Scope } from "effect"
import { inRealTime } from "../stack/RealTime.ts"
import { keyOf, lookUp, normal, type Records, type RecordType, type Zone } from "./dnsZone.ts"

/** Faults of queries for a name. `silence` never responds; `slow` responds after some real time. */
export type DnsFault = "server_failure" | "refused" | "silence" | { readonly slow: Duration.DurationInput }

export interface DnsServerShape {
  /** `127.0.0.1:<port>`, over UDP and TCP. */
  readonly address: string
  /** Replaces the records of a name; an empty list removes the type. */
  readonly set: (type: RecordType, name: string, records: Records) => Effect.Effect<void>
  /** Applies to every type from now on. */
  readonly fail: (name: string, fault: DnsFault) => Effect.Effect<void>
  /** Removes all faults. */
  readonly heal: Effect.Effect<void>
  /** All queries so far, as `TYPE name`, in their original case. */
  readonly questions: Effect.Effect<ReadonlyArray<string>>
}

/**
 * A DNS server with configurable records and faults. It answers for any name, so it can act as a resolver and as an
 * authoritative server.
 */
export class DnsServer extends Context.Tag("ctrl-worker/dev/DnsServer")<DnsServer, DnsServerShape>() {}

class PortTaken extends Schema.TaggedError<PortTaken>()("PortTaken", { port: Schema.Number }) {}

/** Without EDNS a response over UDP has at most 512 bytes (RFC 1035, section 4.2.1). */
const smallest = 512

const payloadLimit = (query: DecodedPacket): number => {
  const edns = query.additionals?.find((record) => record.type === "OPT")
  return edns?.type === "OPT" ? Math.max(smallest, edns.udpPayloadSize) : smallest
}

interface Ports {
  readonly udp: Socket
  readonly tcp: Server
  readonly port: number
}

const bindUdp = Effect.async<Socket>((resume) => {
  const socket = createSocket("udp4")
  socket.bind(0, "127.0.0.1", () => resume(Effect.succeed(socket)))
})

const listenTcp = (port: number) =>
  Effect.async<Server, PortTaken>((resume) => {
    const server = createServer()
    server.once("error", () => resume(new PortTaken({ port })))
    server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
  })

/** One port for both protocols: the kernel chooses the UDP port, which may be taken for TCP. */
const bindBoth: Effect.Effect<Ports, never, Scope.Scope> = Effect.gen(function* () {
  const udp = yield* Effect.acquireRelease(bindUdp, (socket) =>
    Effect.async<void>((resume) => {
      socket.close(() => resume(Effect.void))
    })
  )
  const { port } = udp.address()
  const connections = new Set<Connection>()
  const tcp = yield* Effect.acquireRelease(listenTcp(port), (server) =>
    Effect.async<void>((resume) => {
      for (const connection of connections) connection.destroy()
      server.close(() => resume(Effect.void))
    })
  )
  tcp.on("connection", (connection) => connections.add(connection))
  return { udp, tcp, port }
}).pipe(Effect.retry(Schedule.recurs(20)), Effect.orDie)

/** Messages over TCP are prefixed with their length in two bytes (RFC 1035, section 4.2.2). */
const onTcpMessage = (connection: Connection, handle: (message: Buffer) => void) => {
  let received = Buffer.alloc(0)
  connection.on("error", () => connection.destroy())
  connection.on("data", (bytes) => {
    received = Buffer.concat([received, bytes])
    while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
      const end = received.readUInt16BE(0) + 2
      handle(received.subarray(2, end))
      received = received.subarray(end)
    }
  })
}

const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

const truncatedFlag = 1 << 9
const authoritativeFlag = 1 << 10
const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const

const respond = (query: DecodedPacket, rcode: keyof typeof rcodes, answers: Packet["answers"] = []) =>
  encode({
    type: "response",
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: RECURSION_AVAILABLE | authoritativeFlag | rcodes[rcode],
    questions: query.questions ?? [],
    answers
  })

const truncated = (query: DecodedPacket) =>
  encode({
    type: "response",
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: RECURSION_AVAILABLE | truncatedFlag,
    questions: query.questions ?? []
  })

/** A DNS server until the scope closes. Two servers act as resolvers that can disagree. */
export const startDnsServer: Effect.Effect<DnsServerShape, never, Scope.Scope> = Effect.gen(function* () {
  const zone = yield* Ref.make<Zone>(new Map())
  const faults = yield* Ref.make<ReadonlyMap<string, DnsFault>>(new Map())
  const asked = yield* Ref.make<ReadonlyArray<string>>([])
  const { port, tcp, udp } = yield* bindBoth
  const run = yield* FiberSet.makeRuntime<never>()

  const answer = (query: DecodedPacket) =>
    Effect.gen(function* () {
      const [question] = query.questions ?? []
      if (question === undefined) return respond(query, "REFUSED")
      yield* Ref.update(asked, (all) => [...all, `${question.type} ${question.name}`])
      const fault = (yield* Ref.get(faults)).get(normal(question.name))
      if (fault === "silence") return yield* Effect.never
      if (fault === "server_failure") return respond(query, "SERVFAIL")
      if (fault === "refused") return respond(query, "REFUSED")
      if (fault !== undefined) yield* Effect.sleep(fault.slow)
      const { answers, rcode } = lookUp(yield* Ref.get(zone), question)
      return respond(query, rcode, [...answers])
    }).pipe(inRealTime)

  udp.on("message", (message, sender) => {
    const query = decode(message)
    const reply = (response: Buffer) =>
      Effect.sync(() => {
        udp.send(response.length > payloadLimit(query) ? truncated(query) : response, sender.port, sender.address)
      })
    run(Effect.flatMap(answer(query), reply))
  })
  tcp.on("connection", (connection) =>
    onTcpMessage(connection, (message) => {
      run(Effect.flatMap(answer(decode(message)), (response) => Effect.sync(() => connection.write(framed(response)))))
    })
  )

  return {
    address: `127.0.0.1:${port}`,
    set: (type, name, records) =>
      Ref.update(zone, (all) => {
        const next = new Map(all)
        if (records.length === 0) next.delete(keyOf(type, name))
        else next.set(keyOf(type, name), records)
        return next
      }),
    fail: (name, fault) => Ref.update(faults, (all) => new Map(all).set(normal(name), fault)),
    heal: Ref.set(faults, new Map()),
    questions: Ref.get(asked)
  }
})

export const dnsServer: Layer.Layer<DnsServer> = Layer.scoped(DnsServer, startDnsServer)
