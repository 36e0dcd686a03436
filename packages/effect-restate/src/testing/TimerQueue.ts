interface Timer {
  readonly at: number
  /** Of creation. */
  readonly order: number
  readonly fire: () => void
  cancelled: boolean
}

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/**
 * Timers in order of time, then of creation. A binary heap: a fleet has as many timers as invocations that wait, and a sorted
 * list would move all of them for each one. A cancelled timer stays until it is the first one.
 */
export class TimerQueue {
  readonly #heap: Array<Timer> = []
  #order = 0

  /** Answers with what cancels the timer. */
  add(at: number, fire: () => void): () => void {
    const timer = { at, order: this.#order++, fire, cancelled: false }
    this.#raise(timer)
    return () => {
      timer.cancelled = true
    }
  }

  get first(): Pick<Timer, "at" | "fire"> | undefined {
    while (this.#heap[0]?.cancelled === true) this.removeFirst()
    return this.#heap[0]
  }

  removeFirst(): void {
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#lower(last)
  }

  /** Puts a timer at the end, and moves it before those that are later. */
  #raise(timer: Timer): void {
    let at = this.#heap.length
    while (at > 0) {
      const above = (at - 1) >>> 1
      const other = this.#heap[above]
      if (other === undefined || before(other, timer)) break
      this.#heap[at] = other
      at = above
    }
    this.#heap[at] = timer
  }

  /** Puts a timer in the place of the first one, and moves it behind those that are earlier. */
  #lower(timer: Timer): void {
    let at = 0
    for (;;) {
      const [below, other] = this.#earlierBelow(at)
      if (other === undefined || before(timer, other)) break
      this.#heap[at] = other
      at = below
    }
    this.#heap[at] = timer
  }

  #earlierBelow(at: number): readonly [index: number, timer: Timer | undefined] {
    const index = 2 * at + 1
    const left = this.#heap[index]
    const right = this.#heap[index + 1]
    if (left !== undefined && right !== undefined && before(right, left)) return [index + 1, right]
    return [index, left]
  }
}
