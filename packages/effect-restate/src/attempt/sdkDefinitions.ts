import { Effect } from "effect"
import type { Implementation } from "../contract/Implementation.ts"
import { defaultLimits, type Limits } from "../contract/Limits.ts"
import { bind } from "./BoundObject.ts"
import { type Observer, silentObserver } from "./Observer.ts"
import { type SdkDefinition, sdkDefinition } from "./sdkDefinition.ts"

/** What an endpoint serves: implementations of contracts, and definitions that were made with the SDK. */
export type Servable = Implementation<unknown> | SdkDefinition

/** The services that implementations need beside the journal. */
export type NeedsOf<S extends Servable> = S extends Implementation<infer R> ? R : never

export interface BindingOptions {
  /** Told of attempts and steps that really run. Default: nothing is told. */
  readonly observer?: Observer
  /** What differs from `defaultLimits`. */
  readonly limits?: Partial<Limits>
}

/**
 * The implementations as definitions of Restate's SDK, for endpoints of the SDK's own such as `@restatedev/restate-sdk/lambda` and
 * `/fetch`. Services, logger and tracer are those of the calling fiber. Definitions of the SDK pass through.
 */
export const sdkDefinitions = <S extends Servable>(
  services: ReadonlyArray<S>,
  { limits, observer = silentObserver }: BindingOptions = {}
): Effect.Effect<ReadonlyArray<SdkDefinition>, never, NeedsOf<S>> =>
  Effect.map(Effect.runtime<NeedsOf<S>>(), (runtime) =>
    services.map((servable: Servable) =>
      "contract" in servable
        ? // One of the list, whose needs are among those of the list.
          sdkDefinition(
            bind(servable as Implementation<NeedsOf<S>>, runtime, observer, { ...defaultLimits, ...limits })
          )
        : servable
    )
  )
