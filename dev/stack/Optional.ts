import { type Context, Effect, Layer, Option } from "effect"
import { installer } from "./Apt.ts"
import type { StackFailure } from "./StackFailure.ts"

/**
 * The component is unavailable on this machine and cannot be installed. A component that is present but fails is a different
 * error.
 */
const cannotBeHad = (failure: StackFailure): boolean =>
  failure._tag === "ComponentMissing" || failure.component === installer

/** An optional component: None, with a warning that names the reason, if it is unavailable. */
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
