import { Cause, Context, Effect, Exit, Fiber, Option } from "effect"
import { type CancelScope, makeCancelScope } from "./Attempt.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import { Cancelled } from "./DurableError.ts"

type Undo = (cause: Cause.Cause<unknown>) => Effect.Effect<void, never, Durable>

/** The undos registered so far in the surrounding `saga`. */
export class SagaLog extends Context.Tag("restate/SagaLog")<SagaLog, Array<Undo>>() {}

class CurrentCancelScope extends Context.Tag("restate/CurrentCancelScope")<CurrentCancelScope, CancelScope>() {}

/**
 * Registers `undo` once the effect has succeeded. It is told why the saga ends. Undos cannot fail: whatever they do, they
 * retry until it is done.
 * For an effect whose outcome may be unknown (a step cut off half-way), register before the effect and let the undo
 * tolerate that there is nothing to undo.
 */
export const withUndo = <A, E, R, X, R2>(
  effect: Effect.Effect<A, E, R>,
  undo: (value: A, cause: Cause.Cause<unknown>) => Effect.Effect<X, never, R2>
): Effect.Effect<A, E, R | R2 | SagaLog> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(SagaLog, (log) =>
      Effect.flatMap(Effect.context<R2>(), (context) =>
        Effect.tap(restore(effect), (value) => {
          // What the undo needs besides the journal is captured here; the journal is there wherever the saga ends.
          log.push(
            (cause) =>
              Effect.asVoid(
                Effect.mapInputContext(undo(value, cause), (durable: Context.Context<Durable>) =>
                  Context.merge(context, durable)
                )
              ) as Effect.Effect<void, never, Durable>
          )
        })
      )
    )
  )

/**
 * Runs the registered undos, last first, when the effect fails or is interrupted by a cancellation or a lost race.
 * They are durable: a crash in the middle resumes them. They do not run on a defect, which Restate retries, nor when
 * the attempt merely ends.
 */
export const saga = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, SagaLog> | Durable> =>
  withAttempt((attempt) =>
    Effect.uninterruptibleMask((restore) => {
      const log: Array<Undo> = []
      const compensate = (exit: Exit.Exit<A, E>): Effect.Effect<A, E, Durable> => {
        if (Exit.isSuccess(exit) || attempt.ended || Cause.isDie(exit.cause)) return exit
        const undos = Effect.forEach(log.reverse(), (undo) => (attempt.ended ? Effect.interrupt : undo(exit.cause)), {
          discard: true
        })
        return Effect.zipRight(undos, exit)
      }
      return Effect.flatMap(Effect.exit(restore(Effect.provideService(effect, SagaLog, log))), compensate)
    })
  )

/**
 * Runs the effect in a fiber that receives the invocation's cancellation, and turns it into a typed `Cancelled`, so
 * that the workflow may go on, durably. Without it a cancellation interrupts the whole handler.
 */
export const cancellable = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Cancelled, R | Durable> =>
  withAttempt((attempt, fiber) =>
    Effect.uninterruptibleMask(() => {
      const enclosing = Context.getOption(fiber.currentContext, CurrentCancelScope)
      const parent = Option.getOrElse(enclosing, () => attempt.scope)
      const scope = makeCancelScope()
      parent.children.add(scope)
      const cancelledHere = (exit: Exit.Exit<A, E>): boolean =>
        !attempt.ended && scope.cancelled && Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
      return Effect.interruptible(Effect.provideService(effect, CurrentCancelScope, scope)).pipe(
        Effect.fork,
        Effect.tap((child) => {
          scope.fiber = child as Fiber.RuntimeFiber<unknown, unknown>
        }),
        Effect.flatMap((child) =>
          Effect.onInterrupt(Effect.interruptible(Fiber.await(child)), () => Fiber.interrupt(child))
        ),
        Effect.flatMap((exit): Effect.Effect<A, E | Cancelled> => {
          parent.children.delete(scope)
          return cancelledHere(exit) ? Effect.fail(new Cancelled({ invocationId: attempt.journal.invocationId })) : exit
        })
      )
    })
  )
