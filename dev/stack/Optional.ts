import { type Context, Effect, Layer, Option } from "effect"
import { installer } from "./Apt.ts"
import type { StackFailure } from "./StackFailure.ts"

/** Nothing on this machine provides it, or it would have to be installed and cannot be. One that is there and breaks is no such case. */
const cannotBeHad = (failure: StackFailure): boolean =>
  failure._tag === "ComponentMissing" || failure.component === installer

/** A part that a stack can do without: none, with a warning that says what is left out and why, where it cannot be had. */
export const optionalPart = <I, A, P, R>(
  tag: Context.Tag<I, Option.Option<A>>,
  what: string,
  part: Layer.Layer<P, StackFailure, R>,
  use: Effect.Effect<A, never, P>
): Layer.Layer<I, StackFailure, R> =>
  Layer.effect(tag, Effect.asSome(use)).pipe(
    Layer.provide(part),
    Layer.catchAll((failure) =>
      cannotBeHad(failure)
        ? Layer.effect(tag, Effect.as(Effect.logWarning(`Left out: ${what}. ${failure.message}`), Option.none<A>()))
        : Layer.fail(failure)
    )
  )
