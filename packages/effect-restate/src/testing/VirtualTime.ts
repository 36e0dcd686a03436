import { Clock, Context, Duration, Effect } from "effect"
import { Durable, InsideStep } from "../operations/Durable.ts"
import { TimerQueue } from "./TimerQueue.ts"

/** Time that stands still until it is moved. Timers fire in order of time, then of creation. */
export class VirtualTime {
  #now: number
  readonly #timers = new TimerQueue()
  /** Step bodies that sleep, with the number of their sleeps: these wait for time, not for work. */
  readonly #sleepers = new Map<InsideStep, number>()

  constructor(startMillis: number) {
    this.#now = startMillis
  }

  get now(): number {
    return this.#now
  }

  get next(): number | undefined {
    return this.#timers.first?.at
  }

  get sleepingBodies(): number {
    return this.#sleepers.size
  }

  after(millis: number, fire: () => void): () => void {
    return this.#timers.add(this.#now + Math.max(0, millis), fire)
  }

  /** Moves to the next timer and fires it. False when there is none, or only past the bound. */
  fireNext(boundMillis = Number.POSITIVE_INFINITY): boolean {
    const timer = this.#timers.first
    if (timer === undefined || timer.at > boundMillis) return false
    this.#timers.removeFirst()
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
}
