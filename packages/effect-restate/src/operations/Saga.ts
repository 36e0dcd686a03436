import { Cause, Context, Effect, Exit, Option } from "effect"
import { CurrentCancelScope } from "../attempt/Cancellation.ts"
import { type Durable, withAttempt } from "./Durable.ts"

type Undo = (cause: Cause.Cause<unknown>) => Effect.Effect<void, never, Durable>

/** The undos registered so far in the surrounding `saga`. */
export class SagaLog extends Context.Tag("restate/SagaLog")<SagaLog, Array<Undo>>() {}

/**
 * Registers `undo` once the effect has succeeded. It is told why the saga ends. Undos cannot fail: whatever they do, they
 * retry until it is done. For an effect whose outcome may be unknown (a step cut off half-way), use `onRollback` before it.
 */
export const withUndo = <A, E, R, X, R2>(
  effect: Effect.Effect<A, E, R>,
  undo: (value: A, cause: Cause.Cause<unknown>) => Effect.Effect<X, never, R2>
): Effect.Effect<A, E, R | R2 | SagaLog> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(SagaLog, (log) =>
      Effect.flatMap(Effect.context<R2>(), (context) =>
        Effect.tap(restore(effect), (value) => {
          // The undo has the services of this place. The journal, and what receives a cancellation, are those of where the saga ends.
          const own = Context.omit(CurrentCancelScope)(context as Context.Context<R2 | CurrentCancelScope>)
          // No undo can name that one, so R2 is whole without it.
          const services = own as Context.Context<R2>
          log.push(
            (cause) =>
              Effect.asVoid(
                Effect.mapInputContext(undo(value, cause), (ending: Context.Context<Durable>) =>
                  Context.merge(ending, services)
                )
              ) as Effect.Effect<void, never, Durable>
          )
        })
      )
    )
  )

/** Registers an undo of what comes next. It has to tolerate that there is nothing to undo. Otherwise as `withUndo`. */
export const onRollback = <X, R>(
  undo: (cause: Cause.Cause<unknown>) => Effect.Effect<X, never, R>
): Effect.Effect<void, never, R | SagaLog> => withUndo(Effect.void, (_, cause) => undo(cause))

export interface SagaOptions {
  /**
   * What becomes of the undos of a saga that succeeds inside another one. `hand on` (the default): the outer one runs them
   * when it fails, after its own later ones. `forget`: they were about what this saga does, and it is done.
   */
  readonly afterSuccess?: "hand on" | "forget"
}

/**
 * Runs the registered undos, last first, when the effect fails or is interrupted by a cancellation or a lost race.
 * They are durable: a crash in the middle resumes them. They do not run on a defect, which Restate retries, nor when
 * the attempt merely ends.
 */
export const saga = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { afterSuccess = "hand on" }: SagaOptions = {}
): Effect.Effect<A, E, Exclude<R, SagaLog> | Durable> =>
  withAttempt((attempt, fiber) =>
    Effect.uninterruptibleMask((restore) => {
      const enclosing = Option.getOrUndefined(Context.getOption(fiber.currentContext, SagaLog))
      const log: Array<Undo> = []
      const compensate = (exit: Exit.Exit<A, E>): Effect.Effect<A, E, Durable> => {
        if (Exit.isSuccess(exit) && afterSuccess === "hand on") enclosing?.push(...log)
        if (Exit.isSuccess(exit) || attempt.ended || Cause.isDie(exit.cause)) return exit
        const undos = Effect.forEach(log.reverse(), (undo) => (attempt.ended ? Effect.interrupt : undo(exit.cause)), {
          discard: true
        })
        return Effect.zipRight(undos, exit)
      }
      return Effect.flatMap(Effect.exit(restore(Effect.provideService(effect, SagaLog, log))), compensate)
    })
  )
