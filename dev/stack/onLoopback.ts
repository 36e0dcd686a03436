import type { Server, Socket } from "node:net"
import { Effect, type Scope } from "effect"

/** Listens on a free port of 127.0.0.1 and returns it. Closing the scope closes all connections. */
export const onLoopback = (server: Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.suspend(() => {
    const open = new Set<Socket>()
    server.on("connection", (socket) => {
      open.add(socket)
      socket.on("close", () => open.delete(socket))
    })
    return Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of open) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
  }).pipe(
    Effect.map(() => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    })
  )
