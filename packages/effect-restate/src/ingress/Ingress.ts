import { HttpClient, HttpClientRequest, type HttpClientResponse } from "@effect/platform"
import { TerminalError } from "@restatedev/restate-sdk"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import type { Contract, Failure, HandlerName, Input, Output } from "../contract/Contract.ts"
import { encodeFor, opaqueSerde } from "../contract/Serde.ts"
import { fromTerminal, typedFailuresHeader } from "../contract/TypedFailure.ts"
import { CallFailed, type EncodingFailed } from "../operations/DurableError.ts"

/** Restate's ingress could not be reached, or answered with something that is not its protocol. Whether it took the request is unknown. */
export class IngressUnavailable extends Schema.TaggedError<IngressUnavailable>()("IngressUnavailable", {
  url: Schema.String,
  reason: Schema.String
}) {
  readonly retryable = true as const

  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

export interface IngressCallOptions {
  /** Repeating a request with the same key is one invocation, for as long as Restate retains it. */
  readonly idempotencyKey?: string
  /** W3C trace context of the caller. */
  readonly traceparent?: string
}

export interface IngressSendOptions extends IngressCallOptions {
  readonly delay?: Duration.DurationInput
}

/** What Restate answers to a message it has taken. */
export const Accepted = Schema.Struct({
  invocationId: Schema.String,
  status: Schema.Literal("Accepted", "PreviouslyAccepted")
})

const Refused = Schema.Struct({
  code: Schema.optionalWith(Schema.Number, { default: () => 500 }),
  message: Schema.optionalWith(Schema.String, { default: () => "" }),
  metadata: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})

/** A client of the ingress, typed by the contracts it calls: inputs, outputs and declared failures. */
export class Ingress extends Context.Tag("restate/Ingress")<
  Ingress,
  {
    /** Calls a handler and waits for its answer. */
    readonly call: <C extends Contract, H extends HandlerName<C>>(
      contract: C,
      key: string,
      handler: H,
      input: Input<C, H>,
      options?: IngressCallOptions
    ) => Effect.Effect<Output<C, H>, Failure<C, H> | CallFailed | EncodingFailed | IngressUnavailable>
    /** Sends a message and answers once Restate has stored it. */
    readonly send: <C extends Contract, H extends HandlerName<C>>(
      contract: C,
      key: string,
      handler: H,
      input: Input<C, H>,
      options?: IngressSendOptions
    ) => Effect.Effect<typeof Accepted.Type, CallFailed | EncodingFailed | IngressUnavailable>
  }
>() {}

/** A client of the ingress at this address, over an HttpClient that bounds its calls. */
export const ingressAt = (base: string): Layer.Layer<Ingress, never, HttpClient.HttpClient> =>
  Layer.effect(
    Ingress,
    Effect.map(HttpClient.HttpClient, (http) => make(http, base))
  )

const make = (http: HttpClient.HttpClient, base: string): Context.Tag.Service<Ingress> => {
  const post = (path: string, body: Uint8Array, headers: Record<string, string>) => {
    const url = `${base}/${path}`
    const unavailable = (error: { readonly message: string }) => new IngressUnavailable({ url, reason: error.message })
    return HttpClientRequest.post(url, { headers }).pipe(
      HttpClientRequest.bodyUint8Array(body, "application/json"),
      // The caller's own trace context is the one to send.
      HttpClient.withTracerPropagation(http, false).execute,
      Effect.flatMap((response) =>
        Effect.map(response.arrayBuffer, (bytes) => ({ response, bytes: new Uint8Array(bytes) }))
      ),
      Effect.mapError(unavailable)
    )
  }
  return {
    call: (contract, key, handler, input, options = {}) =>
      Effect.gen(function* () {
        const declared = yield* declaredHandler(contract, handler)
        const path = pathOf(contract, key, handler)
        const body = yield* encodeFor(`${contract.name}/${handler}`, opaqueSerde(declared.input), input)
        const sent = yield* post(path, body, { ...headersOf(options), [typedFailuresHeader]: "true" })
        if (isSuccess(sent.response)) {
          return yield* Effect.try({
            // Decoded by the contract's output schema.
            try: () => opaqueSerde(declared.output).deserialize(sent.bytes) as Output<typeof contract, typeof handler>,
            catch: () =>
              new IngressUnavailable({ url: `${base}/${path}`, reason: "the answer does not fit its schema" })
          })
        }
        const error = yield* terminalOf(`${base}/${path}`, sent.bytes)
        const typed = fromTerminal(declared.error, error) as Option.Option<Failure<typeof contract, typeof handler>>
        return yield* Effect.fail(Option.getOrElse(typed, () => callFailed(path, error)))
      }),
    send: (contract, key, handler, input, options = {}) =>
      Effect.gen(function* () {
        const declared = yield* declaredHandler(contract, handler)
        const delay = options.delay === undefined ? "" : `?delay=${Duration.toMillis(options.delay)}ms`
        const path = `${pathOf(contract, key, handler)}/send${delay}`
        const body = yield* encodeFor(`${contract.name}/${handler}`, opaqueSerde(declared.input), input)
        const sent = yield* post(path, body, headersOf(options))
        if (!isSuccess(sent.response)) {
          const error = yield* terminalOf(`${base}/${path}`, sent.bytes)
          return yield* callFailed(path, error)
        }
        return yield* decoded(Accepted, `${base}/${path}`, sent.bytes)
      })
  }
}

const declaredHandler = (contract: Contract, handler: string) =>
  Effect.fromNullable(contract.handlers[handler]).pipe(
    Effect.orDieWith(() => new TypeError(`${contract.name} has no handler ${handler}`))
  )

const pathOf = (contract: Contract, key: string, handler: string): string =>
  `${contract.name}/${encodeURIComponent(key)}/${handler}`

const headersOf = ({ idempotencyKey, traceparent }: IngressCallOptions): Record<string, string> => ({
  ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  ...(traceparent === undefined ? {} : { traceparent })
})

const isSuccess = ({ status }: HttpClientResponse.HttpClientResponse): boolean => status >= 200 && status < 300

const decoded = <A, I>(schema: Schema.Schema<A, I>, url: string, bytes: Uint8Array) =>
  Schema.decode(Schema.parseJson(schema))(new TextDecoder().decode(bytes)).pipe(
    Effect.mapError(() => new IngressUnavailable({ url, reason: "the answer is not one of Restate's" }))
  )

const terminalOf = (url: string, bytes: Uint8Array) =>
  Effect.map(decoded(Refused, url, bytes), ({ code, message, metadata }) =>
    metadata === undefined
      ? new TerminalError(message, { errorCode: code })
      : new TerminalError(message, { errorCode: code, metadata })
  )

const callFailed = (target: string, { code, message }: TerminalError): CallFailed =>
  new CallFailed({ target, code, reason: message })
