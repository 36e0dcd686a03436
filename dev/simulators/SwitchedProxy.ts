import { connect, createServer, type Socket } from "node:net"
import { Context, Effect, type Scope } from "effect"

/** A way to a server that a test can close and open again. */
export class SwitchedProxy extends Context.Tag("ctrl-worker/dev/SwitchedProxy")<
  SwitchedProxy,
  {
    readonly port: number
    /** Cuts what is connected and turns away what comes. */
    readonly close: Effect.Effect<void>
    readonly open: Effect.Effect<void>
  }
>() {}

export const switchedProxy = (target: {
  readonly host: string
  readonly port: number
}): Effect.Effect<Context.Tag.Service<SwitchedProxy>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    let isOpen = true
    const cut = () => {
      for (const socket of sockets) socket.destroy()
      sockets.clear()
    }
    const listener = createServer((client) => {
      if (!isOpen) return client.destroy()
      const server = connect(target.port, target.host)
      for (const [socket, other] of [
        [client, server],
        [server, client]
      ] as const) {
        sockets.add(socket)
        socket.on("error", () => other.destroy())
        socket.on("close", () => other.destroy())
        socket.pipe(other)
      }
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void listener.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => cut()).pipe(Effect.zipRight(Effect.sync(() => listener.close())))
    )
    const address = listener.address()
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      close: Effect.sync(() => {
        isOpen = false
        cut()
      }),
      open: Effect.sync(() => {
        isOpen = true
      })
    }
  })
