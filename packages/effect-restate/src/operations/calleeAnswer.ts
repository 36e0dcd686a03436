import { TerminalError } from "@restatedev/restate-sdk"
import { Effect, Option } from "effect"
import type { Completion } from "../attempt/Journal.ts"
import type { Contract, Failure, HandlerName, Output } from "../contract/Contract.ts"
import { fromTerminal, shownBy } from "../contract/TypedFailure.ts"
import { CallFailed } from "./DurableError.ts"

/** What another handler answered: its output, a failure that its contract declares, or `CallFailed`. */
export const calleeAnswer =
  <C extends Contract, H extends HandlerName<C>>(contract: C, handler: H) =>
  (completion: Completion): Effect.Effect<Output<C, H>, Failure<C, H> | CallFailed> => {
    // Decoded by the contract's output schema.
    if (completion.ok) return Effect.succeed(completion.value as Output<C, H>)
    const { error } = completion
    if (!(error instanceof TerminalError)) return Effect.die(error)
    const declared = contract.handlers[handler]
    const encoded = declared === undefined ? Option.none() : fromTerminal(declared.error, error)
    // Decoded by the contract's error schema.
    const typed = encoded as Option.Option<Failure<C, H>>
    const untyped = () =>
      new CallFailed({
        target: `${contract.name}/${handler}`,
        code: error.code,
        reason: error.message,
        ...shownBy(error)
      })
    return Effect.fail(Option.getOrElse(typed, untyped))
  }
