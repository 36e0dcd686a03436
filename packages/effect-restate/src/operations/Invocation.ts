import { Effect, Either, type Schema } from "effect"
import type { Contract, Failure, HandlerName, Output } from "../contract/Contract.ts"
import { encodeFor, opaqueSerde, serdeOf } from "../contract/Serde.ts"
import { calleeAnswer } from "./calleeAnswer.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import type { CallFailed, EncodingFailed } from "./DurableError.ts"
import { cancel } from "./Messaging.ts"

/** Another invocation, by its id: of a call, a send, the ingress, or an operator. */
export interface InvocationHandle {
  readonly id: string
  /**
   * Waits for its end, and changes nothing about it: interrupting the wait does not cancel it. A failure that the contract declares
   * comes back as its class when the invocation was asked for it (`attachable`), else as `CallFailed`; an invocation that Restate
   * does not know, or has forgotten, is `CallFailed` with code 404.
   */
  readonly attach: <C extends Contract, H extends HandlerName<C>>(
    contract: C,
    handler: H
  ) => Effect.Effect<Output<C, H>, Failure<C, H> | CallFailed, Durable>
  /**
   * Sends a value to its `signal` of this name. One that it does not wait for yet is kept; another of the same name may take its
   * place. One for an invocation that is over is lost. `EncodingFailed` when the value does not fit: nothing was sent.
   */
  readonly signal: <A, I>(
    name: string,
    schema: Schema.Schema<A, I>,
    value: A
  ) => Effect.Effect<void, EncodingFailed, Durable>
  /** Its `signal` of this name fails with `AwaitRejected`. */
  readonly rejectSignal: (name: string, reason: string) => Effect.Effect<void, never, Durable>
  /** Asks Restate to cancel it. Does not wait for its compensations. */
  readonly cancel: Effect.Effect<void, never, Durable>
}

/** What can be done to another invocation. Making one costs nothing. */
export const invocation = (id: string): InvocationHandle => ({
  id,
  attach: (contract, handler) =>
    withAttempt((attempt) => {
      const declared = contract.handlers[handler]
      if (declared === undefined) return Effect.dieMessage(`${contract.name} has no handler ${handler}`)
      return attempt.park(
        () => attempt.journal.attach(id, opaqueSerde(declared.output, attempt.handler.limits.payloadBytes)),
        calleeAnswer(contract, handler),
        undefined,
        `attach ${contract.name}/${handler}`
      )
    }),
  signal: (name, schema, value) =>
    withAttempt(({ handler, journal }) =>
      Either.map(encodeFor(`signal ${name}`, serdeOf(schema, handler.limits.payloadBytes), value), (bytes) =>
        journal.resolveSignal(id, name, bytes)
      )
    ),
  rejectSignal: (name, reason) =>
    withAttempt(({ journal }) => Effect.sync(() => journal.rejectSignal(id, name, reason))),
  cancel: cancel(id)
})
