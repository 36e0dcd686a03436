import { FetchHttpClient, HttpClient, type HttpClientError, HttpClientRequest } from "@effect/platform"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { failStory, type StoryFailed } from "./StoryFailed.ts"

interface Contract {
  readonly name: string
  readonly handlers: Readonly<Record<string, unknown>>
}

export interface Request<C extends Contract> {
  readonly service: C
  /** Key of the virtual object. */
  readonly key: string
  readonly handler: keyof C["handlers"] & string
  /** Default `{}`. */
  readonly body?: Readonly<Record<string, unknown>>
  /** Parent trace as W3C `traceparent`. */
  readonly traceparent?: string
}

/** A response of the ingress: 200 with a body, or an error with status and message. */
export interface Reply {
  readonly status: number
  readonly text: string
  readonly message: string
}

/** Calls the worker's services through Restate's ingress, as the control API does. */
export class IngressClient extends Context.Tag("ctrl-worker/dev/IngressClient")<
  IngressClient,
  {
    /** Waits for the response, of any status. */
    readonly call: <C extends Contract>(request: Request<C>) => Effect.Effect<Reply, HttpClientError.HttpClientError>
    /** Sends the message without waiting; returns the invocation id. */
    readonly send: <C extends Contract>(
      request: Request<C>
    ) => Effect.Effect<string, HttpClientError.HttpClientError | StoryFailed>
  }
>() {}

const Refusal = Schema.parseJson(Schema.Struct({ message: Schema.String }))
const Accepted = Schema.parseJson(Schema.Struct({ invocationId: Schema.String }))

const post = <C extends Contract>(url: string, { body = {}, traceparent }: Request<C>) => {
  const request = HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson(body))
  return traceparent === undefined ? request : HttpClientRequest.setHeader(request, "traceparent", traceparent)
}

const makeClient = (ingress: string) =>
  // The client would otherwise send its own span's ids in the header.
  Effect.map(HttpClient.HttpClient, (plain) => {
    const http = HttpClient.withTracerPropagation(plain, false)
    const addressOf = <C extends Contract>({ handler, key, service }: Request<C>) =>
      `${ingress}/${service.name}/${key}/${handler}`
    const execute = (request: HttpClientRequest.HttpClientRequest) =>
      Effect.gen(function* () {
        const response = yield* http.execute(request)
        const text = yield* response.text
        const refusal = Schema.decodeOption(Refusal)(text)
        return { status: response.status, text, message: Option.isSome(refusal) ? refusal.value.message : text }
      })
    return IngressClient.of({
      call: (request) => execute(post(addressOf(request), request)),
      send: (request) =>
        Effect.gen(function* () {
          const reply = yield* execute(post(`${addressOf(request)}/send`, request))
          const accepted = Schema.decodeOption(Accepted)(reply.text)
          if (Option.isSome(accepted)) return accepted.value.invocationId
          return yield* failStory(`send ${request.handler}`, `answered ${reply.status} ${reply.message}`)
        })
    })
  })

export const ingressClient = (ingress: string): Layer.Layer<IngressClient> =>
  Layer.effect(IngressClient, makeClient(ingress)).pipe(Layer.provide(FetchHttpClient.layer))
