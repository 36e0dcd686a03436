import { Effect } from "effect"
import type { Durable } from "effect-restate"
import { CallFailed, StepFailed, step } from "effect-restate"
import { RunGivenUp } from "../contract/errors.ts"
import { BusinessMetrics, type ScheduledTask } from "../services/BusinessMetrics.ts"

/** Ends a run with the reason, counted and logged. */
export const giveUp = (task: ScheduledTask, problem: string) =>
  Effect.gen(function* () {
    const outcomes = yield* BusinessMetrics
    yield* Effect.logError("A run of scheduled work is given up; its next firing begins anew", { task, problem })
    yield* Effect.ignore(step("count-given-up", outcomes.runGivenUp(task), { retry: { maxAttempts: 1 } }))
    return yield* new RunGivenUp({ task, problem })
  })

/** A part that a person has cancelled or killed is no reason to call another person. */
const isCancelled = (failure: CallFailed): boolean => failure.code === 409

/**
 * Ends a run whose step or part cannot go on with `RunGivenUp`, counted once and logged: it holds its key no longer, and the next
 * firing finds it free. Its handlers belong in `endsWhenExhausted` as well, for what fails outside of steps.
 */
export const giveUpOnFailure =
  (task: ScheduledTask) =>
  <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, StepFailed> | RunGivenUp, R | Durable> =>
    Effect.catchAll(run, (failure): Effect.Effect<never, Exclude<E, StepFailed> | RunGivenUp, Durable> => {
      if (failure instanceof StepFailed) return giveUp(task, failure.message)
      if (failure instanceof CallFailed && !isCancelled(failure)) return giveUp(task, failure.message)
      // The only other kind of failure: StepFailed is dealt with above, which does not narrow a type parameter.
      return Effect.fail(failure as Exclude<E, StepFailed>)
    })
