import type { Observer } from "../attempt/Observer.ts"

/** Counts step bodies in flight, so that the endpoint knows when it may cut its connections. */
export class StepsInFlight {
  readonly observer: Observer
  #count = 0

  /** `inner` is told what it counts. */
  constructor(inner: Observer) {
    this.observer = {
      attemptStarted: (attempt) => inner.attemptStarted(attempt),
      attemptEnded: (attempt) => inner.attemptEnded(attempt),
      stepStarted: (step) => {
        this.#count++
        inner.stepStarted(step)
      },
      stepEnded: (step) => {
        this.#count--
        inner.stepEnded(step)
      }
    }
  }

  get count(): number {
    return this.#count
  }
}
