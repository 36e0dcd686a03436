import { Context, Effect, type Fiber } from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import { DurableInsideStep } from "./DurableError.ts"

/** What a step's body finds instead of the attempt: there is no journal inside a step. */
export class InsideStep {
  readonly attempt: Attempt
  readonly step: string
  constructor(attempt: Attempt, step: string) {
    this.attempt = attempt
    this.step = step
  }
}

/**
 * The journal of the running invocation. A workflow requires it, the bridge provides it, and nothing else can: an
 * effect whose requirements name `Durable` may only run inside a handler, and never inside a step's body.
 */
export class Durable extends Context.Tag("restate/Durable")<Durable, Attempt | InsideStep>() {}

/** Runs with the attempt and the current fiber, or dies when used inside a step. Interrupts when the attempt is over. */
export const withAttempt = <A, E, R = never>(
  use: (attempt: Attempt, fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Durable> =>
  Effect.withFiberRuntime<A, E, R | Durable>((fiber) => {
    // The effect's requirements name Durable, so it is in the context that it runs in.
    const durable = Context.unsafeGet(fiber.currentContext as Context.Context<Durable>, Durable)
    if (durable instanceof InsideStep) return Effect.die(new DurableInsideStep({ step: durable.step }))
    // Which values the fiber ends with is of no interest here.
    return durable.ended ? Effect.interrupt : use(durable, fiber as Fiber.RuntimeFiber<unknown, unknown>)
  })

/** The id of this invocation: the same on every attempt, unique in the cluster. */
export const invocationId: Effect.Effect<string, never, Durable> = withAttempt((attempt) =>
  Effect.succeed(attempt.journal.invocationId)
)

/** A version 4 UUID, the same on every attempt. Not for secrets: the seed is the invocation. */
export const uuid: Effect.Effect<string, never, Durable> = withAttempt((attempt) =>
  Effect.sync(() => attempt.journal.uuid())
)
