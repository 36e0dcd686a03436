import type { Duration, Effect } from "effect"
import type { Durable } from "../operations/Durable.ts"
import type { DurableFailure } from "../operations/DurableError.ts"
import type { Contract, Failure, HandlerName, Input, Output } from "./Contract.ts"

/** How often Restate repeats an attempt that ended with a defect. Then it pauses the invocation for a person: nothing could compensate. */
export interface AttemptRetry {
  readonly initialInterval?: Duration.DurationInput
  readonly maxInterval?: Duration.DurationInput
  readonly factor?: number
  readonly maxAttempts?: number
}

export interface ObjectOptions<Handler extends string = never> {
  /**
   * `explicit` (the default) lets compensations suspend like any other code. `implicit` costs one journal wait less
   * per completion and suits short handlers without compensation.
   */
  readonly cancellation?: "explicit" | "implicit"
  readonly retry?: AttemptRetry
  /**
   * Handlers whose invocations Restate ends as failed when their retries are exhausted, instead of pausing them: for work that is
   * asked for again anyway, so that nothing waits behind it. No undo runs, and nothing of the handler may need one.
   */
  readonly endsWhenExhausted?: ReadonlyArray<Handler>
  /** Past this an idle attempt is suspended. Must exceed the longest step. */
  readonly inactivityTimeout?: Duration.DurationInput
  /** Past this, after the inactivity timeout, a running step's result is thrown away. */
  readonly abortTimeout?: Duration.DurationInput
  readonly journalRetention?: Duration.DurationInput
  readonly idempotencyRetention?: Duration.DurationInput
}

/** One Effect per handler. Requirements beside the journal come from the runtime the object is bound to. */
export type Handlers<C extends Contract> = {
  readonly [H in HandlerName<C>]: (
    input: Input<C, H>
  ) => Effect.Effect<Output<C, H>, Failure<C, H> | DurableFailure, unknown>
}

type Requirements<Impl> = {
  readonly [H in keyof Impl]: Impl[H] extends (input: never) => Effect.Effect<infer _A, infer _E, infer R> ? R : never
}[keyof Impl]

export interface Implementation<out R> {
  readonly contract: Contract
  readonly options: ObjectOptions<string>
  readonly handlers: Readonly<Record<string, (input: unknown) => Effect.Effect<unknown, unknown, R | Durable>>>
}

/** Ties handlers to their contract. Nothing runs until the object is served, on Restate or on the testing engine. */
export const implement = <C extends Contract, Impl extends Handlers<C>>(
  contract: C,
  handlers: Impl,
  options: ObjectOptions<HandlerName<C>> = {}
): Implementation<Exclude<Requirements<Impl>, Durable>> => ({
  contract,
  options,
  // Inputs are decoded with the contract's schema before a handler sees them.
  handlers: handlers as unknown as Implementation<Exclude<Requirements<Impl>, Durable>>["handlers"]
})
