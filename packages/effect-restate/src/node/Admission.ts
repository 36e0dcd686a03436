export interface AdmissionOptions {
  /** How many may run at the same time. */
  readonly places: number
  /** One has to wait, now or still, as another one has begun: a place may be freed for it. */
  readonly onFull: () => void
  /** How many wait, whenever that changes. */
  readonly onWaiting: (count: number) => void
}

/** Places for attempts. What finds none waits, in the order of arrival. */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** Starts it, now or once there is a place. The answer ends the wait of what has not begun; it may be repeated. */
  enter(start: () => void): () => void {
    if (this.#running < this.#options.places) {
      start()
      return () => {}
    }
    this.#waiting.add(start)
    this.#tell()
    this.#options.onFull()
    return () => {
      if (this.#waiting.delete(start)) this.#tell()
    }
  }

  /** What was started holds a place until the answer is called. Not everything that is started does: some is refused. */
  hold(): () => void {
    this.#running += 1
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#running -= 1
      this.#startNext()
    }
  }

  #startNext(): void {
    for (const start of this.#waiting) {
      if (this.#running >= this.#options.places) return
      this.#waiting.delete(start)
      this.#tell()
      start()
      if (this.#waiting.size > 0) this.#options.onFull()
    }
  }

  #tell(): void {
    this.#options.onWaiting(this.#waiting.size)
  }
}
