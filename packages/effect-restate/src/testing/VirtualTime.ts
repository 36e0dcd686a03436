import { Clock, Context, Duration, Effect } from "effect"
import { Durable, InsideStep } from "../operations/Durable.ts"

interface Timer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** Time that stands still until it is moved. Timers fire in order of time, then of creation. */
export class VirtualTime {
  #now: number
  #order = 0
  readonly #timers: Array<Timer> = []
  /** Step bodies that sleep, with the number of their sleeps: these wait for time, not for work. */
  readonly #sleepers = new Map<InsideStep, number>()

  constructor(startMillis: number) {
    this.#now = startMillis
  }

  get now(): number {
    return this.#now
  }

  get next(): number | undefined {
    return this.#timers[0]?.at
  }

  get sleepingBodies(): number {
    return this.#sleepers.size
  }

  after(millis: number, fire: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, millis), order: this.#order++, fire }
    this.#timers.splice(this.#position(timer), 0, timer)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** Moves to the next timer and fires it. False when there is none, or only past the bound. */
  fireNext(boundMillis = Number.POSITIVE_INFINITY): boolean {
    const timer = this.#timers[0]
    if (timer === undefined || timer.at > boundMillis) return false
    this.#timers.shift()
    this.#now = Math.max(this.#now, timer.at)
    timer.fire()
    return true
  }

  moveTo(millis: number): void {
    this.#now = Math.max(this.#now, millis)
  }

  /** The clock of step bodies: the same time as the journal's. */
  get clock(): Clock.Clock {
    return {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => this.#now,
      unsafeCurrentTimeNanos: () => BigInt(this.#now) * 1_000_000n,
      currentTimeMillis: Effect.sync(() => this.#now),
      currentTimeNanos: Effect.sync(() => BigInt(this.#now) * 1_000_000n),
      sleep: (duration) => this.#sleep(Duration.toMillis(duration))
    }
  }

  #sleep(millis: number): Effect.Effect<void> {
    return Effect.withFiberRuntime((fiber) => {
      const durable = Context.getOption(fiber.currentContext, Durable)
      const body = durable._tag === "Some" && durable.value instanceof InsideStep ? durable.value : undefined
      return Effect.async<void>((resume) => {
        this.#count(body, 1)
        const cancel = this.after(millis, () => {
          this.#count(body, -1)
          resume(Effect.void)
        })
        return Effect.sync(() => {
          this.#count(body, -1)
          cancel()
        })
      })
    })
  }

  #count(body: InsideStep | undefined, change: 1 | -1): void {
    if (body === undefined) return
    const count = (this.#sleepers.get(body) ?? 0) + change
    if (count > 0) this.#sleepers.set(body, count)
    else this.#sleepers.delete(body)
  }

  #position(timer: Timer): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#timers[middle]
      if (other !== undefined && before(other, timer)) low = middle + 1
      else high = middle
    }
    return low
  }
}
