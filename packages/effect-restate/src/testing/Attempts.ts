import { TerminalError } from "@restatedev/restate-sdk"
import type { BoundObject } from "../attempt/BoundObject.ts"
import { defectOf } from "../attempt/Defect.ts"
import type { RunOptions } from "../attempt/Journal.ts"
import { opaqueSerde } from "../contract/Serde.ts"
import type { AttemptWorld, RunningAttempt } from "./AttemptWorld.ts"
import { rejected } from "./answers.ts"
import type { ClusterOptions } from "./ClusterOptions.ts"
import { type JournalPoint, noFaults } from "./Fault.ts"
import { generator } from "./Generator.ts"
import type { Entry, Invocation, Stored } from "./Invocation.ts"
import { MemoryJournal } from "./MemoryJournal.ts"
import { afterFailedAttempt, afterFailedRun } from "./Retry.ts"
import type { VirtualTime } from "./VirtualTime.ts"

/** What attempts need of the server around them. */
export interface AttemptsServer {
  readonly time: VirtualTime
  readonly options: ClusterOptions
  readonly bound: (service: string) => BoundObject | undefined
  /** What operations of an attempt do to other invocations, to state, promises and signals. */
  readonly effects: Omit<AttemptWorld, keyof OwnWorld>
  /** An attempt has ended its invocation. */
  readonly complete: (invocation: Invocation, result: Stored) => void
  /** A point of a journal is reached: the scenario may cancel an invocation there. */
  readonly reached: (point: JournalPoint) => void
}

/** The part of an attempt's world that attempts make themselves. */
type OwnWorld = Pick<
  AttemptWorld,
  | "now"
  | "timer"
  | "suspends"
  | "lazyState"
  | "progress"
  | "drives"
  | "crashes"
  | "bodyStarted"
  | "bodyEnded"
  | "acknowledge"
  | "runFailed"
  | "suspended"
  | "crashed"
  | "mismatched"
>

/** The attempts that run: how they begin, and how they end by an answer, a failure, a suspension or the death of the process. */
export class Attempts {
  readonly #server: AttemptsServer
  readonly #running = new Map<Invocation, RunningAttempt>()
  readonly #held: Array<() => void> = []
  readonly #random: () => number
  #progress = 0
  #bodies = 0
  #driving = 0

  constructor(server: AttemptsServer) {
    this.#server = server
    this.#random = generator(server.options.shuffleSeed ?? 1)
  }

  /** Grows with everything that happens. */
  get progress(): number {
    return this.#progress
  }

  /** Step bodies that are running rather than waiting for virtual time. */
  get busyBodies(): number {
    return this.#bodies - this.#server.time.sleepingBodies
  }

  /** True while fibers of an attempt have more to run before it waits again. */
  get driving(): boolean {
    return this.#driving > 0
  }

  advanced(): void {
    this.#progress++
  }

  begin(invocation: Invocation): void {
    const { service, handler } = invocation.target
    const bound = this.#server.bound(service)
    const run = bound?.attempts.get(handler)
    const declared = bound?.contract.handlers[handler]
    if (bound === undefined || run === undefined || declared === undefined)
      return this.#server.complete(invocation, rejected("service or handler not found", 404))
    invocation.status = "running"
    invocation.attempts++
    let input: unknown
    try {
      input = opaqueSerde(declared.input, bound.limits.payloadBytes).deserialize(invocation.input)
    } catch (error) {
      return this.#server.complete(invocation, rejected(`Failed to deserialize input: ${messageOf(error)}`, 400))
    }
    const journal = new MemoryJournal(invocation, {
      ...this.#server.effects,
      ...this.#own,
      lazyState: bound.options.lazyState ?? false
    })
    this.#running.set(invocation, journal)
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

  /** Ends the attempt that runs of it, if one does: nothing of it is recorded any more. */
  stop(invocation: Invocation): void {
    const journal = this.#running.get(invocation)
    if (journal !== undefined) this.#end(journal)
  }

  /** Ends every running attempt, as the death of the process does, and starts new ones. */
  crash(): void {
    for (const journal of [...this.#running.values()]) this.#restart(journal)
  }

  /** Tells an invocation that an answer is known: its attempt, or a new one when it is suspended. */
  wake(invocation: Invocation): void {
    this.#progress++
    const journal = this.#running.get(invocation)
    if (journal !== undefined) journal.poll()
    else if (invocation.status === "suspended") this.#resume(invocation)
  }

  /** Starts an attempt as an operator does: what failed before does not count any more. */
  resume(invocation: Invocation): void {
    forgetFailures(invocation)
    invocation.status = "suspended"
    this.#resume(invocation)
  }

  /** Makes the results of bodies known that ended since the last turn, in shuffled order. */
  acknowledgeHeld(): void {
    const held = this.#held.splice(0)
    while (held.length > 0) {
      const [deliver] = held.splice(Math.floor(this.#random() * held.length), 1)
      deliver?.()
    }
  }

  #output(journal: RunningAttempt, result: Stored): void {
    const { invocation } = journal
    const point = { invocation: invocation.label, index: invocation.entries.length, kind: "output" as const, name: "" }
    if (this.#crashes({ ...point, phase: "before" })) return this.#restart(journal)
    this.#end(journal)
    this.#server.complete(invocation, result)
  }

  #end(journal: RunningAttempt): void {
    if (this.#running.get(journal.invocation) === journal) this.#running.delete(journal.invocation)
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
    this.begin(invocation)
  }

  #attemptFailed(journal: RunningAttempt, error: unknown): void {
    const { invocation } = journal
    invocation.failures++
    const { endsWhenExhausted = [], retry = {} } = this.#server.bound(invocation.target.service)?.options ?? {}
    const ends = endsWhenExhausted.includes(invocation.target.handler)
    const decision = afterFailedAttempt(retry, invocation.failures, ends)
    if (decision._tag === "Retry") return this.#backOff(journal, error, decision.afterMillis)
    if (decision._tag === "Pause") return this.#pause(journal, error)
    this.#end(journal)
    this.#server.complete(invocation, rejected(messageOf(error), 500))
  }

  #runFailed(journal: RunningAttempt, entry: Entry, error: unknown, options: RunOptions): void {
    const { since, times } = journal.failedBefore
    const failed = { times: times + 1, sinceMillis: this.#server.time.now - since }
    const decision = afterFailedRun(options, error, failed)
    switch (decision?._tag) {
      case undefined:
        return this.#attemptFailed(journal, error)
      case "Final":
        return journal.answer(entry, { ok: false, error: decision.error })
      case "GiveUp":
        return journal.answer(entry, rejected(messageOf(error), 500))
      case "Pause":
        return this.#pause(journal, error)
      case "Retry":
        return this.#backOff(journal, error, decision.afterMillis)
    }
  }

  #backOff(journal: RunningAttempt, error: unknown, millis: number): void {
    this.#end(journal)
    journal.invocation.status = "backing-off"
    journal.invocation.failuresSinceEntry++
    noteFailure(journal.invocation, error)
    this.#server.time.after(millis, () => this.#resume(journal.invocation))
  }

  #pause(journal: RunningAttempt, error: unknown): void {
    this.#end(journal)
    journal.invocation.status = "paused"
    noteFailure(journal.invocation, error)
  }

  /** Nothing can run: gives the worker back until one of the awaited entries is answered. */
  #suspend(journal: RunningAttempt): void {
    const { hasNews } = journal
    this.#end(journal)
    journal.invocation.status = "suspended"
    forgetFailures(journal.invocation)
    if (hasNews) setImmediate(() => this.#resume(journal.invocation))
  }

  #crashes(point: JournalPoint): boolean {
    this.#server.reached(point)
    return (this.#server.options.faults ?? noFaults)(point)
  }

  get #own(): Omit<OwnWorld, "lazyState"> {
    const { options, time } = this.#server
    return {
      now: () => time.now,
      timer: (millis, fire) => time.after(millis, fire),
      suspends: options.suspend === "always",
      progress: () => {
        this.#progress++
      },
      drives: (change) => {
        this.#driving += change
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
        if (options.shuffleSeed === undefined) deliver()
        else this.#held.push(deliver)
      },
      runFailed: (journal, entry, error, runOptions) => this.#runFailed(journal, entry, error, runOptions),
      suspended: (journal) => this.#suspend(journal),
      crashed: (journal) => this.#restart(journal),
      mismatched: (journal, expected, actual) =>
        this.#pause(
          journal,
          new Error(`journal mismatch at ${expected.index}: ${expected.fingerprint} became ${actual}`)
        )
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const noteFailure = (invocation: Invocation, error: unknown): void => {
  invocation.lastFailure = messageOf(error)
  invocation.lastError = defectOf(error)
}

/** The server counts failures in the process that runs the invocation, which a suspension ends. */
const forgetFailures = (invocation: Invocation): void => {
  invocation.failures = 0
  invocation.failuresSinceEntry = 0
}
