import { FetchHttpClient, HttpClient, type HttpClientError, HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Schema } from "effect"
import type { DeployService } from "../../src/contract/DeployService.ts"

type Handler = keyof (typeof DeployService)["handlers"]

/** What a caller of the ingress gets: 200, or a refusal with its status and message. */
export interface Reply {
  readonly status: number
  readonly message: string
}

export interface Request {
  /** The object's key: the project. */
  readonly key: string
  readonly handler: Handler
  readonly body: unknown
  /** The trace that the call is part of, as W3C `traceparent`. */
  readonly traceparent: string
}

/** Calls hydra.v1.DeployService through Restate's ingress, as the control API does, and waits for the answer. */
export class DeployClient extends Context.Tag("ctrl-worker/dev/DeployClient")<
  DeployClient,
  { readonly call: (request: Request) => Effect.Effect<Reply, HttpClientError.HttpClientError> }
>() {}

const Refusal = Schema.parseJson(Schema.Struct({ message: Schema.String }))

export const deployClient = (ingress: string): Layer.Layer<DeployClient> =>
  Layer.effect(
    DeployClient,
    Effect.map(HttpClient.HttpClient, (http) =>
      DeployClient.of({
        call: ({ body, handler, key, traceparent }) =>
          Effect.gen(function* () {
            const request = HttpClientRequest.post(`${ingress}/hydra.v1.DeployService/${key}/${handler}`).pipe(
              HttpClientRequest.setHeader("traceparent", traceparent),
              HttpClientRequest.bodyUnsafeJson(body)
            )
            // The client would otherwise put its own span's ids in the header.
            const response = yield* HttpClient.withTracerPropagation(http, false).execute(request)
            const text = yield* response.text
            const message = Schema.decodeOption(Refusal)(text)
            return { status: response.status, message: message._tag === "Some" ? message.value.message : text }
          })
      })
    )
  ).pipe(Layer.provide(FetchHttpClient.layer))
