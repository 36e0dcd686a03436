import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { JournalPoint } from "effect-restate/testing"

/** Counts the journal points of all invocations, and cancels when the `at`-th is reached; none when it is negative. */
export const cancelAtPoint = (at: number) => {
  let reached = 0
  let cancel: (invocation: string) => void = () => undefined
  return {
    observePoint: ({ invocation }: JournalPoint): void => {
      // Not within the point itself: a cancellation comes from outside.
      if (reached++ === at) queueMicrotask(() => cancel(invocation))
    },
    /** What cancels; it is given the label of the invocation that reached the point. */
    cancelWith: (act: (invocation: string) => void): void => {
      cancel = act
    },
    reached: (): number => reached
  }
}

/** Runs a story once undisturbed, which answers with its journal points, and once cancelled at each of them. */
export const cancelEverywhere = <E, R>(
  cancelledAt: (at: number) => Effect.Effect<number, E, R>,
  { moreThan }: { readonly moreThan: number }
): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    const points = yield* cancelledAt(-1)
    assert.isAbove(points, moreThan)
    for (let at = 0; at < points; at++)
      yield* Effect.catchAllDefect(cancelledAt(at), (defect) =>
        Effect.dieMessage(`cancelled at point ${at}: ${defect}`)
      )
  })
