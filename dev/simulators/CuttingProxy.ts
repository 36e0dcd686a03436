import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** What the proxy does to the next COMMIT, or to all traffic. */
type Fault = "none" | "lose-commit" | "lose-answer-to-commit" | "silence"

/** The end of the packet that carries the statement, in plain text. Nothing follows it until it is answered. */
const commit = Buffer.from("COMMIT")

/** A TCP proxy before a MySQL server that can lose a COMMIT, lose only its answer, or fall silent. */
export const cuttingProxy = (target: { readonly host: string; readonly port: number }) =>
  Effect.gen(function* () {
    let fault: Fault = "none"
    let commits = 0
    const sockets = new Set<Socket>()

    const serve = (client: Socket) => {
      const server = connect(target.port, target.host)
      let isMuted = false
      for (const socket of [client, server]) {
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => {
          client.destroy()
          server.destroy()
        })
      }
      client.on("data", (data) => {
        if (fault === "silence") return
        if (data.subarray(-commit.length).equals(commit)) {
          commits += 1
          if (fault === "lose-commit") {
            fault = "none"
            return client.destroy()
          }
          if (fault === "lose-answer-to-commit") {
            fault = "none"
            isMuted = true
          }
        }
        server.write(data)
      })
      server.on("data", (data) => {
        if (fault === "silence") return
        // The server answers after it has committed, so cutting here is cutting after the rows are there.
        if (isMuted) client.destroy()
        else client.write(data)
      })
    }

    const listener = createServer(serve)
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
      // A TCP server that listens has an address object, never a path.
      port: (listener.address() as AddressInfo).port,
      /** Applies to the next COMMIT only, except `silence`, which lasts until the next call. */
      inject: (next: Fault) =>
        Effect.sync(() => {
          fault = next
        }),
      commits: Effect.sync(() => commits)
    }
  })
