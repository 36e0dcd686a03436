import { connect, createServer, type Socket } from "node:net"
import { Effect, type Scope } from "effect"

const upgrade = "POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
const endOfHead = "\r\n\r\n"

/** Upgrades the connection to the engine's BuildKit and then pipes both sockets. */
const join = (caller: Socket, engine: Socket): void => {
  const end = () => {
    caller.destroy()
    engine.destroy()
  }
  for (const socket of [caller, engine]) socket.on("error", end).on("close", end)
  let head = ""
  const readHead = (bytes: Buffer) => {
    head += bytes.toString("latin1")
    const length = head.indexOf(endOfHead)
    if (length < 0) return
    engine.off("data", readHead)
    if (!head.startsWith("HTTP/1.1 101")) return end()
    const rest = Buffer.from(head.slice(length + endOfHead.length), "latin1")
    if (rest.length > 0) caller.write(rest)
    engine.pipe(caller)
    caller.pipe(engine)
  }
  engine.on("data", readHead)
  engine.write(upgrade)
}

/**
 * A local socket that proxies gRPC to a Docker Engine's BuildKit (`POST /grpc` with `Upgrade: h2c`), for gRPC clients that
 * cannot send the upgrade. Removed when the scope closes.
 */
export const upgradeProxy = (engineSocket: string, socketPath: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.async<{ readonly close: Effect.Effect<void> }>((resume) => {
        const open = new Set<Socket>()
        const server = createServer((caller) => {
          open.add(caller)
          caller.on("close", () => open.delete(caller))
          join(caller, connect(engineSocket))
        })
        const close = Effect.async<void>((closed) => {
          for (const socket of open) socket.destroy()
          server.close(() => closed(Effect.void))
        })
        server.on("error", (error) => resume(Effect.die(error)))
        server.listen(socketPath, () => resume(Effect.succeed({ close })))
      }),
      ({ close }) => close
    )
  )
