import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Reply {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A stub server on loopback that records requests; closed with the scope. */
export const httpStub = (reply: (request: Received, nth: number) => Reply) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly received: ReadonlyArray<Received>; readonly close: () => void }>(
      (resume) => {
        const received: Array<Received> = []
        const server = createServer((request, response) => {
          let body = ""
          request.on("data", (chunk) => {
            body += chunk
          })
          request.on("end", () => {
            const it = { path: request.url ?? "", headers: request.headers, body }
            received.push(it)
            const answer = reply(it, received.length)
            response.writeHead(answer.status, answer.headers)
            response.end(answer.body ?? "")
          })
        })
        server.listen(0, "127.0.0.1", () => {
          // A listening TCP server has an address with a port.
          const { port } = server.address() as AddressInfo
          const close = () => {
            server.close()
            server.closeAllConnections()
          }
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, received, close }))
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )
