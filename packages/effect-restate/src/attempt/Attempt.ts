import {
  type Context,
  type DefaultServices,
  Effect,
  type Exit,
  Fiber,
  FiberId,
  Option,
  Random,
  type Runtime,
  Scheduler,
  type Tracer
} from "effect"
import type { AttemptRetry } from "../contract/AttemptRetry.ts"
import type { Attributes } from "../contract/Attributes.ts"
import type { CapabilityName } from "../contract/Capability.ts"
import type { ContractKind } from "../contract/Contract.ts"
import type { Limits } from "../contract/Limits.ts"
import { NeverRests, NonDurableWait } from "../operations/DurableError.ts"
import { Cancellation } from "./Cancellation.ts"
import { ElapsedTime } from "./ElapsedTime.ts"
import type { FailedRuns } from "./FailedRuns.ts"
import type { Completion, Journal, Pending, Waiter } from "./Journal.ts"
import type { Observer } from "./Observer.ts"

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** What all attempts of one handler share: built once, because an attempt should cost microseconds. */
export interface HandlerRuntime {
  readonly live: Runtime.Runtime<never>
  /** The default services of `live`. */
  readonly liveServices: Context.Context<DefaultServices.DefaultServices>
  /** The flags of `live`, without metrics, and nothing else: step bodies start here with their workflow's references. */
  readonly blank: Runtime.Runtime<never>
  readonly observer: Observer
  readonly limits: Limits
  readonly kind: ContractKind
  readonly capabilities: ReadonlySet<CapabilityName>
  readonly retry: AttemptRetry
  readonly failedRuns: FailedRuns
  /** False when no tracer is installed: then no span is created only to be dropped. */
  readonly traced: boolean
}

/** Tasks after which the rest of the process gets a turn: other invocations, and those who probe it. */
const tasksPerSlice = 2_048
/** Operations after which a fiber that has used up its attempt's turn gives way, as Effect's own scheduler asks of every fiber. */
const operationsPerTask = 2_048

let draining: Attempt | undefined

/** The attempt whose fibers are running right now. Workflow fibers run nowhere else, and JavaScript runs one at a time. */
export const drainingAttempt = (): Attempt | undefined => draining

/**
 * Drives one attempt of one invocation, and is the scheduler of its fibers.
 *
 * Fibers run only between two completions of the journal: take every task in order until all fibers are parked, then
 * wait for exactly one completion, then run again. How fibers interleave is therefore a function of the journal, and
 * a replay repeats it. A task that arrives at any other moment was woken by something the journal does not know.
 */
export class Attempt implements Scheduler.Scheduler {
  readonly journal: Journal
  readonly handler: HandlerRuntime
  readonly cancellation = new Cancellation()
  /** Fibers of step bodies in flight. They run on the live scheduler and end with the attempt. */
  readonly steps = new Set<AnyFiber>()
  /** True once the attempt is over. From then on no durable operation and no compensation runs. */
  ended = false
  /** The journaled time of this turn of the driver; unset until it is read. */
  turnMillis: number | undefined
  /** The attempt's own span, when it is traced. */
  span: Tracer.Span | undefined
  readonly elapsed = new ElapsedTime()

  #attributes: Attributes = {}
  readonly #waiters = new Set<Waiter>()
  readonly #fail: (error: NonDurableWait) => void
  #ran = 0
  /** The fiber that ran when the turn's operations were used up. */
  #restless: AnyFiber | undefined
  /** What each fiber last did with the journal, for the text of an error about it. */
  readonly #operations = new WeakMap<AnyFiber, string>()
  #queue: Array<() => void> = []
  #head = 0
  #running = false
  #main: AnyFiber | undefined
  #random: Random.Random | undefined

  constructor(journal: Journal, handler: HandlerRuntime, fail: (error: NonDurableWait) => void) {
    this.journal = journal
    this.handler = handler
    this.#fail = fail
  }

  /** What the invocation is about, as far as it is known. */
  get attributes(): Attributes {
    return this.#attributes
  }

  annotate(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes }
    for (const [name, value] of Object.entries(attributes)) this.span?.attribute(name, value)
  }

  /** Seeded by the invocation: the same sequence on every attempt. */
  get random(): Random.Random {
    this.#random ??= Random.make(this.journal.invocationId)
    return this.#random
  }

  /**
   * Fibers give way at waits, forks and `yieldNow` only, never after a number of operations: that number may differ between
   * attempts. The exception is an attempt that is about to be cut because it never rests.
   */
  shouldYield(fiber: AnyFiber): number | false {
    if (++this.#ran <= this.handler.limits.operationsPerTurn) return false
    this.#restless ??= fiber
    return fiber.currentOpCount > operationsPerTask ? 0 : false
  }

  scheduleTask(task: () => void, priority: number, fiber?: AnyFiber): void {
    if (this.ended) {
      // A fiber that cannot be interrupted and still does not rest is left behind, or it would hold the process for ever.
      if (this.#ran > 2 * this.handler.limits.operationsPerTurn) return
      Scheduler.defaultScheduler.scheduleTask(task, priority, fiber)
      return
    }
    this.#queue.push(task)
    if (!this.#running) this.#fail(this.#nonDurableWait(fiber))
  }

  /** Runs the fiber that is started to its end. Never settles when the attempt ends first. */
  async drive<A, E>(start: (scheduler: Scheduler.Scheduler) => Fiber.RuntimeFiber<A, E>): Promise<Exit.Exit<A, E>> {
    const main = this.#whileRunning(() => start(this))
    this.#main = main
    this.cancellation.handler.fiber = main
    for (;;) {
      while (!this.#whileRunning(() => this.#drain())) await new Promise((resolve) => setImmediate(resolve))
      // A promise of its own: waiting on a shared one would keep every attempt in memory.
      if (this.ended) return new Promise<never>(() => {})
      const exit = main.unsafePoll()
      if (exit !== null) return exit
      if (this.#waiters.size === 0) throw this.#nonDurableWait(main)
      const wakeup = await this.journal.next(this.#waiters)
      this.turnMillis = undefined
      this.#ran = 0
      this.#whileRunning(() =>
        wakeup._tag === "Cancelled" ? this.cancellation.request() : wakeup.waiter.settle(wakeup.completion)
      )
    }
  }

  /**
   * The attempt is over: interrupts every fiber so that scopes close, and releases those parked in uninterruptible
   * regions, which interruption alone would not reach.
   */
  end(): void {
    if (this.ended) return
    this.ended = true
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const step of this.steps) step.unsafeInterruptAsFork(FiberId.none)
    if (this.#main?.unsafePoll() === null) this.#main.unsafeInterruptAsFork(FiberId.none)
    for (const waiter of waiters) waiter.abort()
    for (const task of this.#queue.splice(this.#head)) Scheduler.defaultScheduler.scheduleTask(task, 0)
  }

  /**
   * Appends an operation to the journal and parks the fiber until it completes. `onInterrupt` runs when the fiber is
   * interrupted while parked (a lost race, a cancellation), not when the attempt ends. `operation` names it for people.
   */
  park<B, E>(
    append: () => Pending,
    resume: (completion: Completion) => Effect.Effect<B, E>,
    onInterrupt?: (() => Effect.Effect<void>) | undefined,
    operation?: string
  ): Effect.Effect<B, E> {
    return Effect.async<B, E>((wake) => {
      if (this.ended) return wake(Effect.interrupt)
      if (operation !== undefined) this.#note(operation)
      const waiter: Waiter = {
        pending: append(),
        abort: () => wake(Effect.interrupt),
        settle: (completion) => {
          this.#waiters.delete(waiter)
          wake(resume(completion))
        }
      }
      this.#waiters.add(waiter)
      return Effect.suspend(() => {
        this.#waiters.delete(waiter)
        return this.ended || onInterrupt === undefined ? Effect.void : onInterrupt()
      })
    })
  }

  #note(operation: string): void {
    const fiber = Option.getOrUndefined(Fiber.getCurrentFiber())
    if (fiber !== undefined) this.#operations.set(fiber, operation)
  }

  #about(fiber: AnyFiber | undefined): { readonly fiber: number; readonly after?: string } {
    const after = fiber === undefined ? undefined : this.#operations.get(fiber)
    return { fiber: fiber?.id().id ?? 0, ...(after === undefined ? {} : { after }) }
  }

  #nonDurableWait(fiber: AnyFiber | undefined): NonDurableWait {
    return new NonDurableWait(this.#about(fiber))
  }

  /** Runs tasks until every fiber is parked. False when there are more than one slice of them. */
  #drain(): boolean {
    for (let ran = 0; ran < tasksPerSlice; ran++) {
      const task = this.#queue[this.#head++]
      if (task === undefined) {
        this.#queue.length = 0
        this.#head = 0
        return true
      }
      task()
      if (this.#restless !== undefined && !this.ended)
        throw new NeverRests({ ...this.#about(this.#restless), operations: this.handler.limits.operationsPerTurn })
    }
    this.#queue.splice(0, this.#head)
    this.#head = 0
    return false
  }

  #whileRunning<A>(run: () => A): A {
    const outer = draining
    draining = this
    this.#running = true
    try {
      return run()
    } finally {
      this.#running = false
      draining = outer
    }
  }
}
