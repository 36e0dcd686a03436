import {
  Context,
  type Effect,
  type Fiber,
  FiberRef,
  FiberRefs,
  Runtime,
  type RuntimeFlags,
  type Scheduler
} from "effect"

/** What the main fibers of all attempts of a handler start with. */
export interface WorkflowRuntime<R> {
  readonly context: Context.Context<R>
  readonly refs: FiberRefs.FiberRefs
  /** The flags of these fibers, and nothing else. */
  readonly flags: Runtime.Runtime<never>
}

/** `refs` are forked here, once, and not for each attempt. */
export const workflowRuntime = <R>(
  context: Context.Context<R>,
  refs: FiberRefs.FiberRefs,
  runtimeFlags: RuntimeFlags.RuntimeFlags
): WorkflowRuntime<R> => ({
  context,
  refs,
  flags: Runtime.make({ context: Context.empty(), fiberRefs: FiberRefs.empty(), runtimeFlags })
})

/**
 * Starts the main fiber of an attempt. `Runtime.runFork` of a runtime with references would fork each of them and copy all of
 * them twice, which is most of what starting a fiber costs.
 */
export const startMain = <A, E, R>(
  { flags, refs }: Pick<WorkflowRuntime<R>, "flags" | "refs">,
  context: Context.Context<R>,
  effect: Effect.Effect<A, E, R>,
  scheduler: Scheduler.Scheduler
): Fiber.RuntimeFiber<A, E> =>
  // The requirements are in the context that the fiber starts with.
  Runtime.runFork(flags as Runtime.Runtime<R>, effect, {
    updateRefs: (_, fiberId) =>
      FiberRefs.unsafeMake(
        new Map(refs.locals)
          .set(FiberRef.currentContext, [[fiberId, context]])
          .set(FiberRef.currentScheduler, [[fiberId, scheduler]])
      )
  })
