import type { Vitest } from "@effect/vitest"
import { type Context, Effect } from "effect"
import { World } from "../support/memory/World.ts"

/** Declares the guarantees of a store: one test each, on tables with only the seed. */
export const guaranteesOf =
  <I, S, R>(
    it: Vitest.MethodsNonLive<I | World | R, true>,
    store: Context.Tag<I, S>,
    seed: Effect.Effect<unknown, never, World> = Effect.void
  ) =>
  <A, E>(title: string, test: (store: S) => Effect.Effect<A, E, I | World | R>) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* (yield* World).clear
        yield* seed
        yield* test(yield* store)
      })
    )
