import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { Effect } from "effect"
import { onLoopback } from "../../dev/stack/onLoopback.ts"

/** Hostile responses: gzipped zeros whether accepted or not, an endless body, a redirect to another host, silence. */
export type Malice = "bomb" | "endless" | "redirect" | "silence"

export interface Visit {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

// 64 MiB of zeros in 64 KiB. A gzip stream may have any number of members (RFC 1952, section 2.2).
const member = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 })
const mebibyte = Buffer.alloc(1024 * 1024, " ")
/** With the members above: 1 GiB once decoded. */
const bombBytes = 16 * member.length

const visit = ({ headers, method = "", url = "" }: IncomingMessage): Visit => ({ method, path: url, headers })

/** Responds to every request with that behaviour, and counts sent bytes. */
export const hostileServer = (malice: Malice) =>
  Effect.gen(function* () {
    const visits: Array<Visit> = []
    const elsewhere: Array<Visit> = []
    const sent = { bytes: 0 }
    const other = createServer((request, response) => {
      elsewhere.push(visit(request))
      response.end("{}")
    })
    const otherPort = yield* onLoopback(other)

    const flood = (response: ServerResponse, part: Buffer, most: number) => {
      const more = (): void => {
        while (!response.destroyed && sent.bytes < most) {
          sent.bytes += part.length
          if (!response.write(part)) return void response.once("drain", more)
        }
        response.end()
      }
      more()
    }
    const server = createServer((request, response) => {
      visits.push(visit(request))
      request.resume()
      response.on("error", () => undefined)
      const json = { "content-type": "application/json; charset=utf-8" }
      switch (malice) {
        case "bomb":
          response.writeHead(200, { ...json, "content-encoding": "gzip" })
          return flood(response, member, bombBytes)
        case "endless":
          response.writeHead(200, json)
          return flood(response, mebibyte, Number.POSITIVE_INFINITY)
        case "redirect":
          response.writeHead(307, { location: `http://localhost:${otherPort}${request.url}` }).end()
      }
    })
    return { url: `http://127.0.0.1:${yield* onLoopback(server)}`, visits, elsewhere, sent }
  })
