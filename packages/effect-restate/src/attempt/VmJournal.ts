import { serde as sdkSerde } from "@restatedev/restate-sdk"
import type { Serde } from "../contract/Serde.ts"
import { type AppendedEntry, ContextJournal, type EntryKind, readMillis, writeNow } from "./ContextJournal.ts"
import type { Body, Journal, RunOptions, UseContext, Waiter, Wakeup } from "./Journal.ts"
import type { Awaited, StateMachine, StateMachineContext } from "./StateMachine.ts"
import { VmPending } from "./VmPending.ts"
import { type SdkPromise, VmPromise } from "./VmPromise.ts"
import { VmRuns } from "./VmRuns.ts"

/** The signal by which the server tells of a cancellation, in the service protocol. */
const cancelHandle = 1
const cancellation: Awaited = { Single: cancelHandle }
/** Steps of the state machine after which the rest of the process gets a turn: a long journal is replayed without a wait. */
const progressPerTurn = 64
/** How long the SDK may take to close an attempt whose connection is gone. */
const closingMillis = 1_000

const nothing = (): undefined => undefined

/**
 * The journal of an invocation on the state machine below the SDK's promises. It spares each wait a promise for every entry
 * that is awaited and the turns of the event loop in which the SDK polls them, starts bodies at once, and sends together
 * what they answer together.
 */
export class VmJournal extends ContextJournal<VmPending> implements Journal {
  readonly #context: StateMachineContext
  readonly #vm: StateMachine
  readonly #runs: VmRuns
  readonly #explicit: boolean
  /** True once nothing is asked of the state machine any more. */
  #over = false
  #progress = 0

  constructor(context: StateMachineContext, explicitCancellation: boolean) {
    super(context)
    this.#context = context
    this.#vm = context.coreVm
    this.#runs = new VmRuns(context)
    this.#explicit = explicitCancellation
    this.attemptCompleted.addEventListener("abort", () => this.#end(), { once: true })
  }

  override replaying(): boolean {
    return this.#over || !this.#vm.is_processing()
  }

  protected entry(kind: EntryKind, serde?: Serde<unknown>): AppendedEntry<VmPending> {
    const decode = serde === undefined ? nothing : serde.deserialize
    return {
      serde: sdkSerde.binary,
      pendingOn: (promise) => {
        // Without a handle the SDK has refused the operation and is ending the attempt.
        const { handle } = promise as { readonly handle?: unknown }
        return typeof handle === "number" ? new VmPending(handle, kind, decode) : this.#refused()
      }
    }
  }

  run(name: string, body: Body, options: RunOptions): VmPending {
    try {
      const { handle, replayed } = this.#vm.sys_run(name)
      if (!replayed) this.#runs.add(handle, { name, body, options })
      return new VmPending(handle, "result", options.decode)
    } catch (error) {
      this.#context.abortAttempt(error)
      return this.#refused()
    }
  }

  fromContext(_name: string, use: UseContext): VmPromise {
    // The SDK's promises have what its types do not declare, in the version that was looked for.
    return new VmPromise(use(this.#context) as unknown as SdkPromise)
  }

  now(): VmPending {
    return this.run("now", writeNow, { decode: readMillis })
  }

  async next(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    try {
      return await this.#next(waiters)
    } catch (error) {
      // Also how the state machine says that the attempt is suspended.
      this.#context.abortAttempt(error)
      return never()
    }
  }

  async #next(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    const promises = promisesAmong(waiters)
    const isWatched = this.#explicit && !isPrompt(waiters)
    // What a promise of the SDK still waits for changes with what has come of it.
    const entries = promises.length === 0 ? awaitedOf(waiters, isWatched) : undefined
    while (!this.#over) {
      for (const promise of promises) await promise.poll()
      const known = knownAmong(waiters)
      if (known !== undefined) return known
      if (++this.#progress >= progressPerTurn) await this.#turn()
      const progress = this.#vm.do_progress(entries ?? awaitedOf(waiters, isWatched))
      if (progress === "AnyCompleted") {
        const wakeup = await this.#completed(waiters, isWatched)
        if (wakeup !== undefined) return wakeup
      } else if (progress === "CancelSignalReceived") return { _tag: "Cancelled" }
      else if (progress === "WaitExternalProgress") await this.#untilExternalProgress()
      else this.#execute(progress.ExecuteRun, waiters)
    }
    return never()
  }

  /**
   * Notifications are taken from the journal until one is awaited, so more than one is ready only where an entry completed
   * before it was awaited. Then a cancellation comes first, and the order of the waiters decides, which is the same on every attempt.
   */
  async #completed(waiters: ReadonlySet<Waiter>, isWatched: boolean): Promise<Wakeup | undefined> {
    if (isWatched && this.#vm.is_completed(cancelHandle)) {
      this.#vm.take_notification(cancelHandle)
      return { _tag: "Cancelled" }
    }
    for (const waiter of waiters) {
      const pending = pendingOf(waiter)
      if (pending instanceof VmPromise) continue
      const notification = this.#vm.take_notification(pending.handle)
      if (notification === "NotReady") continue
      const completion = await pending.complete(notification, this.#context.journalValueCodec)
      return { _tag: "Completed", waiter, completion }
    }
    if (promisesAmong(waiters).length > 0) return undefined
    throw new TypeError("an entry completed that nothing waits for")
  }

  /**
   * Starts a body, and with it those of other awaited steps. The state machine has just said that nothing awaited has completed,
   * and learns nothing before this returns: so it may be asked for one step at a time, which costs it less than all of them.
   */
  #execute(handle: number, waiters: ReadonlySet<Waiter>): void {
    this.#runs.execute(handle)
    for (const waiter of waiters) {
      if (this.#progress >= progressPerTurn) return
      const pending = pendingOf(waiter)
      if (pending instanceof VmPromise || !this.#runs.has(pending.handle)) continue
      const progress = this.#vm.do_progress(pending.awaited)
      if (typeof progress === "string") return
      this.#progress += 1
      this.#runs.execute(progress.ExecuteRun)
    }
  }

  async #turn(): Promise<void> {
    this.#progress = 0
    await new Promise((resolve) => setImmediate(resolve))
  }

  async #untilExternalProgress(): Promise<void> {
    this.#progress = 0
    await this.#context.outputPump.awaitNextProgress()
    await this.#context.promisesExecutor.externalProgressChannel.awaitNext()
  }

  /** Nothing completes it: the attempt is being ended. */
  #refused(): VmPending {
    this.#over = true
    return new VmPending(0, "other", nothing)
  }

  /** The SDK leaves its state machines to the garbage collector, which does not see how much memory they hold. */
  #end(): void {
    this.#over = true
    this.#runs.end()
    // The SDK tells the state machine in the turn after this event that the connection is closed.
    setImmediate(() => {
      if (this.#context.inputPump.stopped) this.#vm.free()
      else setTimeout(() => this.#context.inputPump.stopped && this.#vm.free(), closingMillis).unref()
    })
  }
}

/** A promise of its own: waiting on a shared one would keep every attempt in memory. */
const never = (): Promise<never> => new Promise(() => {})

const pendingOf = (waiter: Waiter): VmPending | VmPromise => {
  // Every pending an attempt parks on was made by its own journal.
  return waiter.pending as VmPending | VmPromise
}

const noPromises: ReadonlyArray<VmPromise> = []

/** Those are rare: looked for in one pass that makes nothing. */
const promisesAmong = (waiters: ReadonlySet<Waiter>): ReadonlyArray<VmPromise> => {
  for (const waiter of waiters)
    if (waiter.pending instanceof VmPromise)
      return Array.from(waiters, pendingOf).filter((pending) => pending instanceof VmPromise)
  return noPromises
}

const knownAmong = (waiters: ReadonlySet<Waiter>): Wakeup | undefined => {
  for (const waiter of waiters) {
    const { completion } = pendingOf(waiter)
    if (completion !== undefined) return { _tag: "Completed", waiter, completion }
  }
  return undefined
}

/** The server answers at once: a cancellation loses nothing by waiting for it. */
const isPrompt = (waiters: ReadonlySet<Waiter>): boolean => {
  if (waiters.size > 1) return false
  for (const waiter of waiters) return pendingOf(waiter).kind === "state"
  return false
}

const awaitedOf = (waiters: ReadonlySet<Waiter>, isWatched: boolean): Awaited => {
  const handles: Array<Awaited> = []
  for (const waiter of waiters) {
    const { awaited } = pendingOf(waiter)
    if (awaited !== undefined) handles.push(awaited)
  }
  if (isWatched) handles.push(cancellation)
  const [only] = handles
  return handles.length === 1 && only !== undefined ? only : { FirstCompleted: handles }
}
