import { Effect } from "effect"
import type { Durable } from "effect-restate"
import { CallFailed, StepFailed, step } from "effect-restate"
import { RunGivenUp } from "../contract/errors.ts"
import { recordMetric, type ScheduledTask } from "../services/Metrics.ts"

/** Fails the run with `RunGivenUp`, counted and logged. */
export const giveUp = (task: ScheduledTask, problem: string) =>
  Effect.gen(function* () {
    yield* Effect.logError("A scheduled run is given up; the next firing starts a new run", { task, problem })
    yield* Effect.ignore(
      step("count-given-up", recordMetric({ _tag: "RunGivenUp", task }), { retry: { maxAttempts: 1 } })
    )
    return yield* new RunGivenUp({ task, problem })
  })

/** Restate answers 409 when an operator cancelled or killed the called invocation: that needs no alert. */
const isCancelled = (failure: CallFailed): boolean => failure.code === 409

/**
 * Turns an exhausted step or a failed call into `RunGivenUp`, counted once and logged, so that the run releases its key
 * before the next firing. List the handlers in `endsWhenExhausted` as well, for failures outside of steps.
 */
export const giveUpOnFailure =
  (task: ScheduledTask) =>
  <A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, Exclude<E, StepFailed> | RunGivenUp, R | Durable> =>
    Effect.catchAll(run, (failure): Effect.Effect<never, Exclude<E, StepFailed> | RunGivenUp, Durable> => {
      if (failure instanceof StepFailed) return giveUp(task, failure.message)
      if (failure instanceof CallFailed && !isCancelled(failure)) return giveUp(task, failure.message)
      // StepFailed is handled above, which does not narrow a type parameter.
      return Effect.fail(failure as Exclude<E, StepFailed>)
    })
