import {
  Context,
  DefaultServices,
  type Effect,
  type Fiber,
  type FiberId,
  FiberRef,
  FiberRefs,
  Runtime,
  Scheduler
} from "effect"
import type { Attempt } from "../attempt/Attempt.ts"
import { Durable, InsideStep } from "./Durable.ts"

/**
 * Starts a body with the workflow fiber's context and fiber references, on the live default services and scheduler and
 * without a journal. The references are copied once, which is most of what starting a fiber costs.
 */
export const forkLive = <A, E, R>(
  attempt: Attempt,
  name: string,
  body: Effect.Effect<A, E, R>,
  workflow: Fiber.RuntimeFiber<unknown, unknown>
): Fiber.RuntimeFiber<A, E> => {
  const { liveServices, blank } = attempt.handler
  const context = Context.add(workflow.currentContext, Durable, new InsideStep(attempt, name))
  const updateRefs = (_: FiberRefs.FiberRefs, fiberId: FiberId.Runtime): FiberRefs.FiberRefs =>
    FiberRefs.updateManyAs(workflow.getFiberRefs(), {
      forkAs: fiberId,
      entries: [
        [FiberRef.currentContext, [[fiberId, context]]],
        [DefaultServices.currentServices, [[fiberId, liveServices]]],
        [FiberRef.currentScheduler, [[fiberId, Scheduler.defaultScheduler]]]
      ]
    })
  // The body's requirements are among the workflow's: the type of `step` says so.
  return Runtime.runFork(blank as Runtime.Runtime<R>, body, { updateRefs })
}
