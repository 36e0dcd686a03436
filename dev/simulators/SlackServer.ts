import { createServer } from "node:http"
import { Context, Effect, Layer } from "effect"
import { onLoopback } from "../stack/onLoopback.ts"

/** The response to a request. */
export interface SlackReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Simulates a Slack webhook or monitor with configurable responses. */
export class SlackServer extends Context.Tag("ctrl-worker/dev/SlackServer")<
  SlackServer,
  {
    readonly url: string
    /** Parsed request bodies in order of arrival; empty ones are null. */
    readonly messages: ReadonlyArray<unknown>
    /** Response to later requests; "silence" never responds. */
    readonly answerWith: (reply: SlackReply | "silence") => Effect.Effect<void>
  }
>() {}

/** On a free port of 127.0.0.1, until the layer's scope closes. */
export const slackServer: Layer.Layer<SlackServer> = Layer.scoped(
  SlackServer,
  Effect.gen(function* () {
    const messages: Array<unknown> = []
    let reply: SlackReply | "silence" = { status: 200 }
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => {
        body += chunk
      })
      request.on("end", () => {
        messages.push(body === "" ? null : JSON.parse(body))
        if (reply === "silence") return
        response.writeHead(reply.status, reply.headers ?? {})
        response.end(reply.status === 200 ? "ok" : "no")
      })
    })
    const port = yield* onLoopback(server)
    return SlackServer.of({
      url: `http://127.0.0.1:${port}/services/T0/B0/secret`,
      messages,
      answerWith: (next) =>
        Effect.sync(() => {
          reply = next
        })
    })
  })
)
