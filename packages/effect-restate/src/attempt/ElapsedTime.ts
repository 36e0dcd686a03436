/** Only differences count: any time would do that code does not take for none. */
const beginning = 1_000_000_000_000

/**
 * The time that has passed in an invocation as far as its journal tells: by the timers that have fired, and between the
 * times that were read. The same on every attempt, and it never goes back.
 */
export class ElapsedTime {
  #millis = 0
  /** Unix milliseconds at which nothing had passed, known once a time was read. */
  #epoch: number | undefined

  get millis(): number {
    return beginning + this.#millis
  }

  /** A timer has fired. */
  reached(millis: number): void {
    this.#millis = Math.max(this.#millis, millis - beginning)
  }

  /** The journal's Unix time was read. */
  read(unixMillis: number): void {
    this.#epoch ??= unixMillis - this.#millis
    this.#millis = Math.max(this.#millis, unixMillis - this.#epoch)
  }
}
