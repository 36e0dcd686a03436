import { Agent, get } from "node:http"
import { Effect } from "effect"

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One connection that stays open, as a load balancer's does: it still hears the worker when new ones are refused. */
export const keptConnection = Effect.acquireRelease(
  Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 1 })),
  (agent) => Effect.sync(() => agent.destroy())
).pipe(
  Effect.map(
    (agent) => (url: string) =>
      Effect.async<Answer, Error>((resume) => {
        const request = get(url, { agent }, (response) => {
          let body = ""
          response.on("data", (chunk) => {
            body += chunk
          })
          response.on("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, body })))
        })
        request.on("error", (error) => resume(Effect.fail(error)))
      })
  )
)
