import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** The fault of the next COMMIT, or of all traffic. */
type Fault = "none" | "lose-commit" | "lose-answer-to-commit" | "silence"

/** The end of the COMMIT packet in plain text. No packet follows it until the response. */
const commit = Buffer.from("COMMIT")

/** A TCP proxy in front of a MySQL server that can drop a COMMIT, drop only its response, or stop forwarding. */
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
        // The server responds after the commit, so cutting here loses only the response.
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
      // A listening TCP server has an address object, never a path.
      port: (listener.address() as AddressInfo).port,
      /** Applies to the next COMMIT only; `silence` applies until the next call. */
      inject: (next: Fault) =>
        Effect.sync(() => {
          fault = next
        }),
      commits: Effect.sync(() => commits)
    }
  })
