import { TerminalError } from "@restatedev/restate-sdk"
import type { BoundObject } from "../attempt/BoundObject.ts"
import { defectOf } from "../attempt/Defect.ts"
import type { RunOptions, Target } from "../attempt/Journal.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import type { AttemptWorld, RunningAttempt } from "./AttemptWorld.ts"
import { attempted, refusedRun, rejected } from "./answers.ts"
import { type CancelPlan, type FaultPlan, type JournalPoint, noFaults } from "./Fault.ts"
import { generator } from "./Generator.ts"
import { type Entry, type Invocation, lastEntryOf, makeInvocation, type Stored } from "./Invocation.ts"
import { KeyedObjects } from "./KeyedObjects.ts"
import { MemoryJournal } from "./MemoryJournal.ts"
import { afterFailedAttempt, afterFailedRun } from "./Retry.ts"
import { requestOf, type StartOptions } from "./StartOptions.ts"
import type { VirtualTime } from "./VirtualTime.ts"

export interface ClusterOptions {
  /** `always` ends the attempt at every wait, as a server with an inactivity timeout of zero does. Default `never`. */
  readonly suspend?: "always" | "never"
  readonly faults?: FaultPlan
  /** Cancels as soon as the code that reached the point has gone on: a cancellation comes from outside. */
  readonly cancels?: CancelPlan
  /** Shuffles the order in which results of bodies that ended together become known. */
  readonly shuffleSeed?: number
  /** What operations of the SDK's context answer, by the name that `fromContext` was given: there is no such context here. */
  readonly fromContext?: Readonly<Record<string, () => unknown>>
}

const idOf = (label: string): string => `inv_${label}`

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Invocations, keyed objects and their attempts: the part of the engine that plays the server. */
export class Cluster {
  readonly time: VirtualTime
  readonly invocations = new Map<string, Invocation>()
  readonly #options: ClusterOptions
  readonly #bound = new Map<string, BoundObject>()
  readonly #objects: KeyedObjects
  readonly #attempts = new Map<Invocation, RunningAttempt>()
  readonly #counters = new Map<string, number>()
  readonly #idempotent = new Map<string, Invocation>()
  readonly #signals = new Map<string, Stored>()
  readonly #held: Array<() => void> = []
  readonly #random: () => number
  #progress = 0
  #bodies = 0

  constructor(time: VirtualTime, options: ClusterOptions) {
    this.time = time
    this.#objects = new KeyedObjects(time)
    this.#options = options
    this.#random = generator(options.shuffleSeed ?? 1)
  }

  /** Grows with everything that happens. */
  get progress(): number {
    return this.#progress
  }

  /** Step bodies that are running rather than waiting for virtual time. */
  get busyBodies(): number {
    return this.#bodies - this.time.sleepingBodies
  }

  /** True while fibers of an attempt have more to run before it waits again. */
  get driving(): boolean {
    for (const journal of this.#attempts.values()) if (journal.driving) return true
    return false
  }

  serve(bound: BoundObject): void {
    this.#bound.set(bound.contract.name, bound)
  }

  start(target: Target, input: Uint8Array, options: StartOptions = {}): Invocation {
    const { idempotencyKey, traceparent, delayMillis = 0 } = options
    const path = this.#pathOf(target)
    const run = this.#isRun(target) ? this.#objects.of(target) : undefined
    if (run?.run !== undefined) return options.waits === true ? refusedRun(run.run) : run.run
    const dedupe = idempotencyKey === undefined || run !== undefined ? undefined : `${path}/${idempotencyKey}`
    const known = dedupe === undefined ? undefined : this.#idempotent.get(dedupe)
    if (known !== undefined) return known
    const number = (this.#counters.get(path) ?? 0) + 1
    this.#counters.set(path, number)
    const label = `${path}#${number}`
    const invocation = makeInvocation({
      id: idOf(label),
      label,
      target,
      input,
      traceparent,
      request: requestOf(options)
    })
    this.invocations.set(invocation.id, invocation)
    if (run !== undefined) run.run = invocation
    if (dedupe !== undefined) this.#idempotent.set(dedupe, invocation)
    this.#progress++
    if (delayMillis > 0) this.time.after(delayMillis, () => this.#admit(invocation))
    else this.#admit(invocation)
    return invocation
  }

  cancel(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || invocation.status === "completed") return
    if (invocation.status === "queued") {
      this.#complete(invocation, rejected("cancelled", 409))
      return
    }
    invocation.order.push("cancelled")
    this.#wake(invocation)
  }

  kill(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || invocation.status === "completed") return
    const journal = this.#attempts.get(invocation)
    if (journal !== undefined) this.#end(journal)
    this.#complete(invocation, rejected("killed", 409))
    for (const callee of [...this.invocations.values()]) if (callee.caller === invocation) this.kill(callee.id)
  }

  pause(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation?.status !== "running" && invocation?.status !== "backing-off") return
    const journal = this.#attempts.get(invocation)
    if (journal !== undefined) this.#end(journal)
    invocation.status = "paused"
  }

  resume(id: string): void {
    const invocation = this.invocations.get(id)
    if (invocation === undefined || !["paused", "suspended", "backing-off"].includes(invocation.status)) return
    this.#forgetFailures(invocation)
    invocation.status = "suspended"
    this.#resume(invocation)
  }

  /** Ends every running attempt, as the death of the process does, and starts new ones. */
  crash(): void {
    for (const journal of [...this.#attempts.values()]) this.#restart(journal)
  }

  signal(id: string, name: string, stored: Stored): void {
    const invocation = this.invocations.get(id)
    const awaits = ({ answer, kind, name: awaited }: Entry) =>
      kind === "signal" && awaited === name && answer === undefined
    const entry = invocation?.entries.find(awaits)
    if (invocation !== undefined && entry !== undefined) this.#completed(invocation, entry, stored)
    // One that comes before it is awaited takes the place of another.
    else this.#signals.set(`${id}/${name}`, stored)
  }

  completeAwakeable(id: string, stored: Stored): void {
    for (const invocation of this.invocations.values())
      for (const entry of invocation.entries)
        if (entry.kind === "awakeable" && `prom_${invocation.id}_${entry.index}` === id)
          this.#completed(invocation, entry, stored)
  }

  stateOf(target: Pick<Target, "service" | "key">): Map<string, Uint8Array> {
    return this.#objects.of(target).state
  }

  unfinished(): ReadonlyArray<string> {
    return [...this.invocations.values()]
      .filter((invocation) => invocation.status !== "completed")
      .map((invocation) => `${invocation.label} (${invocation.status}), ${lastEntryOf(invocation)}`)
  }

  /** Makes the results of bodies known that ended since the last turn, in shuffled order. */
  acknowledgeHeld(): void {
    const held = this.#held.splice(0)
    while (held.length > 0) {
      const [deliver] = held.splice(Math.floor(this.#random() * held.length), 1)
      deliver?.()
    }
  }

  /** As in the ingress: a service has no key. */
  #pathOf({ handler, key, service }: Target): string {
    const keyed = this.#bound.get(service)?.contract.kind !== "service"
    return keyed ? `${service}/${key}/${handler}` : `${service}/${handler}`
  }

  #isRun({ handler, service }: Target): boolean {
    return handler === "run" && this.#bound.get(service)?.contract.kind === "workflow"
  }

  #admit(invocation: Invocation): void {
    const declared = this.#bound.get(invocation.target.service)?.contract.handlers[invocation.target.handler]
    if (declared === undefined) return this.#complete(invocation, rejected("service or handler not found", 404))
    if (declared.mode === "shared") return this.#attempt(invocation)
    const object = this.#objects.of(invocation.target)
    if (object.holder !== undefined) {
      object.queue.push(invocation)
      return
    }
    object.holder = invocation
    this.#attempt(invocation)
  }

  #attempt(invocation: Invocation): void {
    const { service, handler } = invocation.target
    const bound = this.#bound.get(service)
    const run = bound?.attempts.get(handler)
    const declared = bound?.contract.handlers[handler]
    if (bound === undefined || run === undefined || declared === undefined)
      return this.#complete(invocation, rejected("service or handler not found", 404))
    invocation.status = "running"
    invocation.attempts++
    let input: unknown
    try {
      input = opaqueSerde(declared.input, bound.limits.payloadBytes).deserialize(invocation.input)
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      return this.#complete(invocation, rejected(`Failed to deserialize input: ${problem}`, 400))
    }
    const suspends = this.#options.suspend === "always"
    const { lazyState = false } = bound.options
    const journal = new MemoryJournal(invocation, { ...this.#world, suspends, lazyState })
    this.#attempts.set(invocation, journal)
    run(journal, input).then(
      (bytes) => {
        if (journal.alive) this.#output(journal, { ok: true, bytes })
      },
      (error: unknown) => {
        if (!journal.alive) return
        if (error instanceof TerminalError) this.#output(journal, { ok: false, error })
        else this.#attemptFailed(journal, error)
      }
    )
  }

  #output(journal: RunningAttempt, result: Stored): void {
    const { invocation } = journal
    const point = { invocation: invocation.label, index: invocation.entries.length, kind: "output" as const, name: "" }
    if (this.#crashes({ ...point, phase: "before" })) return this.#restart(journal)
    this.#end(journal)
    this.#complete(invocation, result)
  }

  #complete(invocation: Invocation, result: Stored): void {
    invocation.status = "completed"
    invocation.result = result
    this.#progress++
    for (const wake of invocation.waiting.splice(0)) wake(result)
    const object = this.#objects.of(invocation.target)
    const queued = object.queue.indexOf(invocation)
    if (queued >= 0) object.queue.splice(queued, 1)
    if (object.run === invocation) {
      this.#objects.retain(object, this.#bound.get(invocation.target.service)?.options.workflowRetention)
    }
    if (object.holder !== invocation) return
    object.holder = object.queue.shift()
    if (object.holder !== undefined) this.#attempt(object.holder)
  }

  #end(journal: RunningAttempt): void {
    if (this.#attempts.get(journal.invocation) === journal) this.#attempts.delete(journal.invocation)
    journal.end()
    this.#progress++
  }

  #restart(journal: RunningAttempt): void {
    this.#end(journal)
    journal.invocation.status = "suspended"
    setImmediate(() => this.#resume(journal.invocation))
  }

  #resume(invocation: Invocation): void {
    if (invocation.status !== "suspended" && invocation.status !== "backing-off") return
    this.#progress++
    this.#attempt(invocation)
  }

  #wake(invocation: Invocation): void {
    this.#progress++
    const journal = this.#attempts.get(invocation)
    if (journal !== undefined) journal.poll()
    else if (invocation.status === "suspended") this.#resume(invocation)
  }

  #completed(invocation: Invocation, entry: Entry, answer: Stored): void {
    if (entry.answer !== undefined || invocation.status === "completed") return
    entry.answer = answer
    invocation.order.push(entry.index)
    this.#wake(invocation)
  }

  #attemptFailed(journal: RunningAttempt, error: unknown): void {
    const { invocation } = journal
    invocation.failures++
    const { endsWhenExhausted = [], retry = {} } = this.#bound.get(invocation.target.service)?.options ?? {}
    const ends = endsWhenExhausted.includes(invocation.target.handler)
    const verdict = afterFailedAttempt(retry, invocation.failures, ends)
    if (verdict._tag === "Retry") return this.#backOff(journal, error, verdict.afterMillis)
    if (verdict._tag === "Pause") return this.#pause(journal, error)
    this.#end(journal)
    this.#complete(invocation, rejected(messageOf(error), 500))
  }

  #backOff(journal: RunningAttempt, error: unknown, millis: number): void {
    this.#end(journal)
    journal.invocation.status = "backing-off"
    journal.invocation.failuresSinceEntry++
    this.#noteFailure(journal.invocation, error)
    this.time.after(millis, () => this.#resume(journal.invocation))
  }

  #pause(journal: RunningAttempt, error: unknown): void {
    this.#end(journal)
    journal.invocation.status = "paused"
    this.#noteFailure(journal.invocation, error)
  }

  #noteFailure(invocation: Invocation, error: unknown): void {
    invocation.lastFailure = messageOf(error)
    invocation.lastError = defectOf(error)
  }

  #runFailed(journal: RunningAttempt, entry: Entry, error: unknown, options: RunOptions): void {
    const { since, times } = journal.failedBefore
    const failed = { times: times + 1, sinceMillis: this.time.now - since }
    const verdict = afterFailedRun(options, error, failed)
    switch (verdict?._tag) {
      case undefined:
        return this.#attemptFailed(journal, error)
      case "Final":
        return journal.answer(entry, { ok: false, error: verdict.error })
      case "GiveUp":
        return journal.answer(entry, rejected(messageOf(error), 500))
      case "Pause":
        return this.#pause(journal, error)
      case "Retry":
        return this.#backOff(journal, error, verdict.afterMillis)
    }
  }

  #crashes(point: JournalPoint): boolean {
    const cancelled = this.#options.cancels?.(point, this.#callersOf(point.invocation))
    if (cancelled !== undefined) queueMicrotask(() => this.cancel(idOf(cancelled)))
    return (this.#options.faults ?? noFaults)(point)
  }

  /** The server counts failures in the process that runs the invocation, which a suspension ends. */
  #forgetFailures(invocation: Invocation): void {
    invocation.failures = 0
    invocation.failuresSinceEntry = 0
  }

  #callersOf(label: string): ReadonlyArray<string> {
    const callers: Array<string> = []
    for (let it = this.invocations.get(idOf(label))?.caller; it !== undefined; it = it.caller) callers.push(it.label)
    return callers
  }

  /** Completes the entry with the result of the invocation, now or once it is over. */
  #tell(other: Invocation, invocation: Invocation, entry: Entry): void {
    const answer = (result: Stored) => this.#completed(invocation, entry, result)
    if (other.result === undefined) other.waiting.push(answer)
    else answer(other.result)
  }

  /** Nothing can run: gives the worker back until one of the awaited entries is answered. */
  #suspend(journal: RunningAttempt): void {
    const { hasNews } = journal
    this.#end(journal)
    journal.invocation.status = "suspended"
    this.#forgetFailures(journal.invocation)
    if (hasNews) setImmediate(() => this.#resume(journal.invocation))
  }

  readonly #world: Omit<AttemptWorld, "lazyState" | "suspends"> = {
    now: () => this.time.now,
    timer: (millis, fire) => this.time.after(millis, fire),
    progress: () => {
      this.#progress++
    },
    crashes: (invocation, { index, kind, name }, phase) =>
      this.#crashes({ invocation: invocation.label, index, kind, name, phase }),
    bodyStarted: () => {
      this.#bodies++
      this.#progress++
    },
    bodyEnded: () => {
      this.#bodies--
      this.#progress++
    },
    acknowledge: (deliver) => {
      if (this.#options.shuffleSeed === undefined) deliver()
      else this.#held.push(deliver)
    },
    stateOf: (target) => this.#objects.of(target).state,
    completed: (invocation, entry, answer) => this.#completed(invocation, entry, answer),
    startCall: (caller, entry, { input, target, ...options }) => {
      const callee = this.start(target, input, { ...options, waits: true })
      callee.caller ??= caller
      entry.invocationId = callee.id
      this.#tell(callee, caller, entry)
    },
    startSend: ({ input, target, ...options }) => this.start(target, input, options).id,
    cancelInvocation: (id) => this.cancel(id),
    completeAwakeable: (id, answer) => this.completeAwakeable(id, answer),
    awaitSignal: (invocation, entry) => {
      const name = `${invocation.id}/${entry.name}`
      const known = this.#signals.get(name)
      if (known === undefined) return
      this.#signals.delete(name)
      this.#completed(invocation, entry, known)
    },
    awaitPromise: (invocation, entry) =>
      this.#objects.awaitPromise(invocation.target, entry.name, (answer) => this.#completed(invocation, entry, answer)),
    peekPromise: (target, name) => this.#objects.peekPromise(target, name),
    completePromise: (target, name, completion) => this.#objects.completePromise(target, name, completion),
    sendSignal: (id, name, value) => this.signal(id, name, value),
    attach: (invocation, entry, id) => {
      const other = this.invocations.get(id)
      if (other === undefined) this.#completed(invocation, entry, rejected("not found", 404))
      else this.#tell(other, invocation, entry)
    },
    fromContext: (name) => {
      const answer = this.#options.fromContext?.[name]
      if (answer === undefined) throw new TypeError(`the scenario does not say what fromContext "${name}" answers`)
      return () => attempted(answer)
    },
    rejection: (message) => rejected(message, 500),
    runFailed: (journal, entry, error, options) => this.#runFailed(journal, entry, error, options),
    suspended: (journal) => this.#suspend(journal),
    crashed: (journal) => this.#restart(journal),
    mismatched: (journal, expected, actual) =>
      this.#pause(journal, new Error(`journal mismatch at ${expected.index}: ${expected.fingerprint} became ${actual}`))
  }
}
