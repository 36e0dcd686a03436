import type { JournalValueCodec } from "@restatedev/restate-sdk"
import type { Duration, Effect, Option, Schema } from "effect"
import type { Contract, Failure, HandlerName, Input, KeyedContract, Output } from "../contract/Contract.ts"
import type { InvocationRef } from "../contract/InvocationRef.ts"
import type { HttpOptions } from "../http/exchange.ts"
import type { UnreadableAnswer } from "../http/UnreadableAnswer.ts"
import type { CallFailed, EncodingFailed } from "../operations/DurableError.ts"
import type { Accepted } from "./answers.ts"
import type { IngressUnavailable } from "./IngressError.ts"

export interface IngressOptions extends HttpOptions {
  /**
   * How long `call` and `attach` wait for an invocation to end. Default 5 minutes, after which Node's own `fetch` gives up too. The
   * invocation goes on: a call with the same idempotency key, or `attach`, waits for it again.
   */
  readonly answerTimeout?: Duration.DurationInput
  /** Largest input and output, as `Limits.payloadBytes` of what serves them. Default 256 KiB; `maxAnswerBytes` bounds outputs too. */
  readonly payloadBytes?: number
  /** The codec of the endpoint that serves the handlers, when it has one. */
  readonly codec?: JournalValueCodec
}

export interface IngressSendOptions {
  /**
   * Repeating a request with the same key is one invocation, for as long as Restate retains it. The run of a workflow has its id
   * instead: with a key it is `CallFailed` with code 400.
   */
  readonly idempotencyKey?: string
  /** W3C trace context of the caller. */
  readonly traceparent?: string
  /** Further headers of the request, which the handler may read. */
  readonly headers?: Readonly<Record<string, string>>
  /** As in `call` of a handler: groups invocations and objects, on a server with scopes. */
  readonly scope?: string
  /** Counts the invocation to a concurrency limit of its scope. */
  readonly limitKey?: string
  /** Whole milliseconds, never fewer; one without an end is a hundred years. */
  readonly delay?: Duration.DurationInput
}

export interface WaitOptions {
  /** Instead of the client's `answerTimeout`. */
  readonly timeout?: Duration.DurationInput
}

export interface IngressCallOptions extends Omit<IngressSendOptions, "delay">, WaitOptions {}

/** How the ingress fails, whatever was asked. */
export type IngressFailure = CallFailed | IngressUnavailable

type Answer<C extends Contract, H extends HandlerName<C>> = Failure<C, H> | IngressFailure | UnreadableAnswer

/**
 * A client of the ingress, typed by the contracts it calls: inputs, outputs and declared failures. What a contract does not
 * declare, and what the ingress refuses (an unknown handler, a private one), is `CallFailed` with its status.
 */
export interface IngressClient {
  /** Calls a handler, of a service without a key, and waits for its answer. */
  readonly call: {
    <C extends Contract<"service">, H extends HandlerName<C>>(
      contract: C,
      handler: H,
      input: Input<C, H>,
      options?: IngressCallOptions
    ): Effect.Effect<Output<C, H>, Answer<C, H> | EncodingFailed>
    <C extends KeyedContract, H extends HandlerName<C>>(
      contract: C,
      key: string,
      handler: H,
      input: Input<C, H>,
      options?: IngressCallOptions
    ): Effect.Effect<Output<C, H>, Answer<C, H> | EncodingFailed>
  }
  /** Sends a message, to a service without a key, and answers once Restate has stored it. */
  readonly send: {
    <C extends Contract<"service">, H extends HandlerName<C>>(
      contract: C,
      handler: H,
      input: Input<C, H>,
      options?: IngressSendOptions
    ): Effect.Effect<Accepted, IngressFailure | EncodingFailed>
    <C extends KeyedContract, H extends HandlerName<C>>(
      contract: C,
      key: string,
      handler: H,
      input: Input<C, H>,
      options?: IngressSendOptions
    ): Effect.Effect<Accepted, IngressFailure | EncodingFailed>
  }
  /** Waits for the end of an invocation. One that Restate does not know, or has forgotten, is `CallFailed` with code 404. */
  readonly attach: <C extends Contract, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    invocation: InvocationRef<C, H>,
    options?: WaitOptions
  ) => Effect.Effect<Output<C, H>, Answer<C, H>>
  /** What `attach` would answer, or none while the invocation goes on. */
  readonly output: <C extends Contract, H extends HandlerName<C>>(
    contract: C,
    handler: H,
    invocation: InvocationRef<C, H>
  ) => Effect.Effect<Option.Option<Output<C, H>>, Answer<C, H>>
  /** Completes an awakeable. Only the first completion counts. */
  readonly resolveAwakeable: <A, I>(
    id: string,
    schema: Schema.Schema<A, I>,
    value: A
  ) => Effect.Effect<void, IngressFailure | EncodingFailed>
  /** Fails an awakeable with this reason. */
  readonly rejectAwakeable: (id: string, reason: string) => Effect.Effect<void, IngressFailure>
}
