import type { Duration, Effect } from "effect"
import type { Durable } from "../operations/Durable.ts"
import type { DurableFailure } from "../operations/DurableError.ts"
import type { AttemptRetry } from "./AttemptRetry.ts"
import type { Attributes, InvocationRequest } from "./Attributes.ts"
import type { CapabilitiesOf, Capability, DurablePromises } from "./Capability.ts"
import type { Contract, ContractKind, Failure, HandlerName, Input, Output } from "./Contract.ts"

export interface ObjectOptions<Handler extends string = never> {
  /**
   * `explicit` (the default) lets compensations suspend like any other code. `implicit` costs one journal wait less
   * per completion and suits short handlers without compensation.
   */
  readonly cancellation?: "explicit" | "implicit"
  readonly retry?: AttemptRetry
  /**
   * What an invocation is about, from its request: known to every log line and to the spans of its handler and steps. Called on
   * each attempt, so it must be pure. What becomes known later is added with `annotate`.
   */
  readonly attributes?: (request: InvocationRequest) => Attributes
  /**
   * Handlers whose invocations Restate ends as failed when their retries are exhausted, instead of pausing them: for work that is
   * asked for again anyway, so that nothing waits behind it. No undo runs, and nothing of the handler may need one.
   */
  readonly endsWhenExhausted?: ReadonlyArray<Handler>
  /**
   * State is asked for when it is read, instead of coming along with each attempt: for objects that hold much and read little of
   * it. A read is then a wait like any other. Default false.
   */
  readonly lazyState?: boolean
  /** Past this an idle attempt is suspended. Must exceed the longest step. */
  readonly inactivityTimeout?: Duration.DurationInput
  /** Past this, after the inactivity timeout, a running step's result is thrown away. */
  readonly abortTimeout?: Duration.DurationInput
  readonly journalRetention?: Duration.DurationInput
  readonly idempotencyRetention?: Duration.DurationInput
}

export interface WorkflowOptions<Handler extends string = never> extends ObjectOptions<Handler> {
  /** How long Restate keeps a workflow's result, state and promises after its run has ended, and refuses to run it again. Default a day. */
  readonly workflowRetention?: Duration.DurationInput
}

type OptionsOf<C extends Contract> =
  C extends Contract<"workflow"> ? WorkflowOptions<HandlerName<C>> : ObjectOptions<HandlerName<C>>

/** One Effect per handler. Requirements beside the journal come from the runtime the object is bound to. */
export type Handlers<C extends Contract> = {
  readonly [H in HandlerName<C>]: (
    input: Input<C, H>
  ) => Effect.Effect<Output<C, H>, Failure<C, H> | DurableFailure, unknown>
}

type Requirements<Handler> = Handler extends (input: never) => Effect.Effect<infer _A, infer _E, infer R> ? R : never

/** The services that the handlers need beside the journal. */
type Services<Impl> = Exclude<{ readonly [H in keyof Impl]: Requirements<Impl[H]> }[keyof Impl], Durable | Capability>

/** Says why a handler does not type-check, where a plain mismatch would be pages long. */
interface Misuse<Problem extends string> {
  readonly "handler does not type-check": Problem
}

type Complaint<Kind extends ContractKind, Missing> = [Missing] extends [never]
  ? unknown
  : DurablePromises extends Missing
    ? Misuse<"only the handlers of a workflow have durable promises: declare it with Contract.workflow">
    : Kind extends "service"
      ? Misuse<"the handlers of a service have no key and no state: declare it with Contract.object">
      : Misuse<"a shared handler only reads state: make it exclusive, or send what it writes to an exclusive handler">

/** What each handler requires that handlers of its kind and mode do not have, as a complaint about it. */
type Permitted<C extends Contract, Impl> = {
  readonly [H in keyof Impl]: H extends HandlerName<C>
    ? Complaint<
        C["kind"],
        Extract<Requirements<Impl[H]>, Exclude<Capability, CapabilitiesOf<C["kind"], C["handlers"][H]["mode"]>>>
      >
    : unknown
}

export interface Implementation<out R> {
  readonly contract: Contract
  readonly options: WorkflowOptions<string>
  readonly handlers: Readonly<Record<string, (input: unknown) => Effect.Effect<unknown, unknown, R | Durable>>>
}

/**
 * Ties handlers to their contract. A handler may do what handlers of its kind and mode can: the rest does not compile. Nothing runs until the object is served, on Restate or on the testing engine.
 */
export const implement = <C extends Contract, Impl extends Handlers<C>>(
  contract: C,
  handlers: Impl & Permitted<C, Impl>,
  options?: OptionsOf<C>
): Implementation<Services<Impl>> => ({
  contract,
  options: options ?? {},
  // Inputs are decoded with the contract's schema before a handler sees them.
  handlers: handlers as unknown as Implementation<Services<Impl>>["handlers"]
})
