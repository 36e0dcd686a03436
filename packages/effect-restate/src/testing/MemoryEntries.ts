import type { Body, RunOptions, Waiter, Wakeup } from "../attempt/Journal.ts"
import type { AttemptWorld, RunningAttempt } from "./AttemptWorld.ts"
import { Deliveries } from "./Deliveries.ts"
import type { Entry, EntryKind, Invocation, Stored } from "./Invocation.ts"
import { MemoryPending } from "./MemoryPending.ts"

/** Made once: without a reason every abort makes a DOMException with a stack. */
const attemptOver = new Error("the attempt is over")

/** Answers that an attempt waits for, and how it is told of one. */
interface Waiting {
  readonly waiters: ReadonlySet<Waiter>
  readonly resolve: (wakeup: Wakeup) => void
}

/**
 * The entries of an invocation as one attempt meets them: those that are stored are replayed, then it appends. Bodies run once an
 * attempt waits for them, and every entry is a point at which the process may die.
 */
export class MemoryEntries implements RunningAttempt {
  readonly invocation: Invocation
  readonly failedBefore: { readonly times: number; readonly since: number }
  protected readonly world: AttemptWorld
  readonly #controller = new AbortController()
  readonly #started = new Set<Entry>()
  readonly #deliveries: Deliveries
  #cursor = 0
  #executing = 0
  #bodies = 0
  #waiting: Waiting | undefined

  constructor(invocation: Invocation, world: AttemptWorld) {
    this.invocation = invocation
    this.world = world
    const { failuresSinceEntry: times, storedAt } = invocation
    this.failedBefore = { times, since: times === 0 ? world.now() : storedAt }
    this.#deliveries = new Deliveries(invocation)
    world.drives(1)
  }

  get attemptCompleted(): AbortSignal {
    return this.#controller.signal
  }

  get alive(): boolean {
    return !this.#controller.signal.aborted
  }

  get hasNews(): boolean {
    return this.#deliveries.hasNews(this.#waiting?.waiters)
  }

  end(): void {
    if (this.#drives) this.world.drives(-1)
    this.#waiting = undefined
    for (; this.#bodies > 0; this.#bodies--) this.world.bodyEnded()
    this.#controller.abort(attemptOver)
  }

  /** True while its fibers run, false once it waits for an answer or is over. */
  get #drives(): boolean {
    return this.alive && this.#waiting === undefined
  }

  /** The world counts the attempts that drive, so that it need not ask each of them. */
  #wait(waiting: Waiting | undefined): void {
    const drove = this.#drives
    this.#waiting = waiting
    if (drove !== this.#drives) this.world.drives(drove ? -1 : 1)
  }

  replaying(): boolean {
    return this.#cursor < this.invocation.entries.length
  }

  next(waiters: ReadonlySet<Waiter>): Promise<Wakeup> {
    return new Promise((resolve) => {
      this.#wait({ waiters, resolve })
      this.poll()
    })
  }

  /** Delivers the earliest known answer, or starts what can be started, or suspends. */
  poll(): void {
    const waiting = this.#waiting
    if (!this.alive || waiting === undefined) return
    // A server that wants to suspend has closed the way in: nothing reaches the attempt before its steps have ended.
    if (this.world.suspends && this.#executing > 0) return
    const wakeup = this.#deliveries.next(waiting.waiters)
    if (wakeup !== undefined) {
      this.#wait(undefined)
      this.world.progress()
      waiting.resolve(wakeup)
      return
    }
    for (const { pending } of waiting.waiters) {
      // The driver parks on pendings of its own journal only.
      const { entry, execute } = pending as MemoryPending
      if (entry === undefined || execute === undefined || this.#started.has(entry)) continue
      this.#started.add(entry)
      execute()
      if (!this.alive) return
    }
    if (this.world.suspends && this.#executing === 0) this.world.suspended(this)
  }

  protected execute(entry: Entry, body: Body, options: RunOptions): void {
    if (entry.answer !== undefined) return
    if (this.world.crashes(this.invocation, entry, "before")) return this.world.crashed(this)
    this.#executing++
    this.#bodies++
    this.world.bodyStarted()
    const settle = (record: () => void): void => {
      if (this.alive) {
        this.#bodies--
        this.world.bodyEnded()
      }
      this.world.acknowledge(() => {
        this.#executing--
        if (!this.alive) return
        if (this.world.crashes(this.invocation, entry, "after-body")) this.world.crashed(this)
        else record()
      })
    }
    const ran = new Promise<Uint8Array>((resolve, reject) =>
      body((result) => (result instanceof Error ? reject(result) : resolve(result)))
    )
    ran.then(
      (bytes) => settle(() => this.#answered(entry, { ok: true, bytes })),
      (error: unknown) => settle(() => this.world.runFailed(this, entry, error, options))
    )
  }

  /** The result of a body is stored: this attempt goes on, unless it dies here or has to suspend. */
  #answered(entry: Entry, answer: Stored): void {
    entry.answer = answer
    this.invocation.order.push(entry.index)
    this.#stored()
    this.world.progress()
    if (this.world.crashes(this.invocation, entry, "after-ack")) this.world.crashed(this)
    else if (!this.world.suspends) this.poll()
    else if (this.#executing === 0) this.world.suspended(this)
  }

  answer(entry: Entry, answer: Stored): void {
    this.#answered(entry, answer)
  }

  #stored(): void {
    this.invocation.failuresSinceEntry = 0
    this.invocation.storedAt = this.world.now()
  }

  protected append(kind: EntryKind, name: string, payload: string): Entry | undefined {
    const { entry, fresh } = this.appended(kind, name, payload)
    if (entry !== undefined && fresh && kind !== "run") this.acknowledged(entry)
    return entry
  }

  protected command(kind: EntryKind, name: string, payload: string, apply: (entry: Entry) => void): Entry | undefined {
    const { entry, fresh } = this.appended(kind, name, payload)
    if (entry === undefined || !fresh) return entry
    apply(entry)
    this.acknowledged(entry)
    return entry
  }

  protected immediate(
    kind: EntryKind,
    name: string,
    payload: string,
    read: () => Uint8Array,
    decode: (bytes: Uint8Array) => unknown
  ): MemoryPending {
    const entry = this.command(kind, name, payload, (fresh) => {
      fresh.answer = { ok: true, bytes: read() }
      this.invocation.order.push(fresh.index)
    })
    return new MemoryPending(entry, decode)
  }

  protected acknowledged(entry: Entry): void {
    if (this.world.crashes(this.invocation, entry, "after-ack")) this.world.crashed(this)
  }

  /** Answers with the stored entry while replaying, else appends. No entry: the attempt is over. */
  protected appended(kind: EntryKind, name: string, payload: string): { entry: Entry | undefined; fresh: boolean } {
    if (!this.alive) return { entry: undefined, fresh: false }
    const fingerprint = `${kind}|${name}|${payload}`
    const { entries } = this.invocation
    const stored = entries[this.#cursor]
    if (stored !== undefined) {
      if (stored.fingerprint !== fingerprint) {
        this.world.mismatched(this, stored, fingerprint)
        return { entry: undefined, fresh: false }
      }
      this.#cursor++
      return { entry: stored, fresh: false }
    }
    const entry: Entry = {
      index: entries.length,
      kind,
      name,
      fingerprint,
      answer: undefined,
      invocationId: undefined
    }
    if (kind !== "run" && this.world.crashes(this.invocation, entry, "before")) {
      this.world.crashed(this)
      return { entry: undefined, fresh: false }
    }
    entries.push(entry)
    this.#stored()
    this.#cursor++
    this.world.progress()
    return { entry, fresh: true }
  }
}
