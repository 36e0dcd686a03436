import { Cause, Context, Effect, Exit, Fiber, Option } from "effect"
import { CancelScope, CurrentCancelScope } from "../attempt/Cancellation.ts"
import { type Durable, withAttempt } from "./Durable.ts"
import { Cancelled } from "./DurableError.ts"

/**
 * Runs the effect in a fiber that receives the invocation's cancellation, and turns it into a typed `Cancelled`, so
 * that the workflow may go on, durably; a later cancellation is delivered anew. A cancellation that an effect has ended well
 * in spite of goes to what is around it. Without `cancellable` it interrupts the whole handler.
 */
export const cancellable = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Cancelled, R | Durable> =>
  withAttempt((attempt, fiber) =>
    Effect.uninterruptibleMask(() => {
      const { cancellation } = attempt
      const enclosing = Context.getOption(fiber.currentContext, CurrentCancelScope)
      const parent = Option.getOrElse(enclosing, () => cancellation.handler)
      const scope = new CancelScope()
      let answered = false
      parent.children.add(scope)
      const answer = (exit: Exit.Exit<A, E>): Effect.Effect<A, E | Cancelled> => {
        const interrupted = !attempt.ended && cancellation.interrupted(scope)
        if (!interrupted || Exit.isSuccess(exit) || !Cause.isInterruptedOnly(exit.cause)) return exit
        answered = true
        return Effect.fail(new Cancelled({ invocationId: attempt.journal.invocationId }))
      }
      const region = Effect.interruptible(Effect.provideService(effect, CurrentCancelScope, scope))
      return Effect.fork(region).pipe(
        Effect.tap((child) => {
          scope.fiber = child as Fiber.RuntimeFiber<unknown, unknown>
        }),
        Effect.flatMap((child) =>
          Effect.onInterrupt(Effect.interruptible(Fiber.await(child)), () => Fiber.interrupt(child)).pipe(
            Effect.zipLeft(Fiber.inheritAll(child)),
            Effect.flatMap(answer)
          )
        ),
        // A lost race interrupts the wait, so what follows it does not run.
        Effect.ensuring(Effect.sync(() => cancellation.ended(scope, parent, answered)))
      )
    })
  )
