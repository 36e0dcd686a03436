import type { Completion, Waiter, Wakeup } from "../attempt/Journal.ts"
import type { Entry, Invocation, Stored } from "./Invocation.ts"
import { KnownPending, type MemoryPending } from "./MemoryPending.ts"

const pendingOf = (waiter: Waiter): MemoryPending => {
  // The driver parks on pendings of its own journal only.
  return waiter.pending as MemoryPending
}

/** What does not fit the schema is an answer too: it fails the attempt where it is awaited. */
const completionOf = (stored: Stored, decode: MemoryPending["decode"]): Completion => {
  if (!stored.ok) return { ok: false, error: stored.error }
  try {
    return { ok: true, value: decode(stored.bytes) }
  } catch (error) {
    return { ok: false, error }
  }
}

/** What one attempt has been told of the answers its invocation knows. An attempt learns them in the order in which they became known. */
export class Deliveries {
  readonly #invocation: Invocation
  /** Positions in the invocation's order. */
  readonly #told = new Set<number>()
  readonly #answered = new Set<Entry>()
  #from = 0

  constructor(invocation: Invocation) {
    this.#invocation = invocation
  }

  /** The next thing that the waiters are told, if there is one: an answer again that is awaited again, else the earliest new one. */
  next(waiters: ReadonlySet<Waiter>): Wakeup | undefined {
    for (const waiter of waiters) {
      const pending = pendingOf(waiter)
      if (pending instanceof KnownPending)
        return { _tag: "Completed", waiter, completion: { ok: true, value: pending.read() } }
      const { entry, decode } = pending
      if (entry?.answer !== undefined && this.#answered.has(entry))
        return { _tag: "Completed", waiter, completion: completionOf(entry.answer, decode) }
    }
    const { order } = this.#invocation
    while (this.#told.delete(this.#from)) this.#from++
    for (let at = this.#from; at < order.length; at++) {
      if (this.#told.has(at)) continue
      const wakeup = this.#wakeup(order[at], waiters)
      if (wakeup === undefined) continue
      this.#told.add(at)
      return wakeup
    }
    return undefined
  }

  /**
   * True when an attempt that waits for these would be told something at once. One that nothing awaits, such as the answer
   * of a lost race, must not wake an invocation again and again.
   */
  hasNews(waiters: ReadonlySet<Waiter> | undefined): boolean {
    const { order } = this.#invocation
    const awaited = waiters === undefined ? undefined : new Set(Array.from(waiters, (it) => pendingOf(it).entry?.index))
    for (let at = this.#from; at < order.length; at++) {
      const known = order[at]
      if (this.#told.has(at)) continue
      if (awaited === undefined || known === "cancelled" || awaited.has(known)) return true
    }
    return false
  }

  #wakeup(known: number | "cancelled" | undefined, waiters: ReadonlySet<Waiter>): Wakeup | undefined {
    if (known === "cancelled") return { _tag: "Cancelled" }
    for (const waiter of waiters) {
      const { entry, decode } = pendingOf(waiter)
      if (entry?.answer === undefined || entry.index !== known) continue
      this.#answered.add(entry)
      return { _tag: "Completed", waiter, completion: completionOf(entry.answer, decode) }
    }
    return undefined
  }
}
