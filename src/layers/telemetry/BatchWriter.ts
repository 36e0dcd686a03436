import { Array as Arr, type Duration, Effect, Fiber, Queue, Schedule, type Scope } from "effect"

export interface BatchWriterOptions<Row> {
  /** Rows and bytes that may wait; what comes on top is dropped. */
  readonly capacity: { readonly rows: number; readonly bytes: number }
  readonly maxBatch: { readonly rows: number; readonly bytes: number }
  /** How long a row waits for others at most. */
  readonly interval: Duration.Duration
  readonly sizeOf: (row: Row) => number
  readonly write: (rows: ReadonlyArray<Row>) => Effect.Effect<void, unknown>
  /** How often a batch is tried and how long one try may take. */
  readonly attempts: number
  readonly attemptTimeout: Duration.Duration
  /** All that writing what is left may take when the scope closes. */
  readonly flushTimeout: Duration.Duration
  readonly onDropped: (rows: number) => Effect.Effect<void>
}

export interface BatchWriter<Row> {
  /** Takes what there is room for, at once, and answers with how many rows were dropped. */
  readonly offer: (rows: ReadonlyArray<Row>) => Effect.Effect<number>
}

/** Rows in the order they came, bounded by number and by bytes. */
class Backlog<Row> {
  private rows: Array<{ readonly row: Row; readonly bytes: number }> = []
  private bytes = 0
  private readonly options: BatchWriterOptions<Row>

  constructor(options: BatchWriterOptions<Row>) {
    this.options = options
  }

  add(row: Row): boolean {
    const bytes = this.options.sizeOf(row)
    const { capacity } = this.options
    if (this.rows.length >= capacity.rows || this.bytes + bytes > capacity.bytes) return false
    this.rows.push({ row, bytes })
    this.bytes += bytes
    return true
  }

  get hasFullBatch(): boolean {
    return this.rows.length >= this.options.maxBatch.rows || this.bytes >= this.options.maxBatch.bytes
  }

  get size(): number {
    return this.rows.length
  }

  /** The oldest rows that fit into one batch: at least one, so that a large one is not stuck. */
  take(): ReadonlyArray<Row> {
    const { maxBatch } = this.options
    let count = 0
    let bytes = 0
    for (const each of this.rows) {
      if (count > 0 && (count >= maxBatch.rows || bytes + each.bytes > maxBatch.bytes)) break
      count += 1
      bytes += each.bytes
    }
    const taken = this.rows.slice(0, count)
    this.rows = this.rows.slice(count)
    this.bytes -= bytes
    return taken.map(({ row }) => row)
  }
}

/**
 * Writes rows in batches from one fiber, so that whoever offers them never waits. Every row is written or counted as
 * dropped: those without room when they are offered, those of a batch that could not be written in all its attempts, and
 * those still there when the time to flush at the end is over.
 */
export const batchWriter = <Row>(
  options: BatchWriterOptions<Row>
): Effect.Effect<BatchWriter<Row>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const backlog = new Backlog(options)
    const full = yield* Queue.sliding<void>(1)

    const drop = (rows: number) => (rows === 0 ? Effect.void : options.onDropped(rows))
    const write = (rows: ReadonlyArray<Row>) =>
      options.write(rows).pipe(
        Effect.timeout(options.attemptTimeout),
        Effect.retry(Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(options.attempts - 1))),
        Effect.catchAllCause(() => drop(rows.length)),
        // Neither written nor given up: the end came in between.
        Effect.onInterrupt(() => drop(rows.length))
      )
    const flush: Effect.Effect<void> = Effect.whileLoop({
      while: () => backlog.size > 0,
      body: () => Effect.suspend(() => write(backlog.take())),
      step: () => undefined
    })
    let closing = false
    const turn = Effect.zipRight(Effect.timeoutOption(Queue.take(full), options.interval), flush)
    const loop = yield* Effect.forkDaemon(Effect.repeat(turn, { until: () => closing }))

    // The loop ends by itself: the batch it is writing must not be written twice, nor given up without need.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closing = true
        return Queue.offer(full, undefined)
      }).pipe(
        Effect.zipRight(Fiber.join(loop)),
        Effect.zipRight(flush),
        // A finalizer cannot be interrupted, so what the bound must cut short has to allow it.
        Effect.interruptible,
        Effect.timeoutOption(options.flushTimeout),
        Effect.zipRight(Fiber.interrupt(loop)),
        Effect.zipRight(Effect.suspend(() => drop(backlog.size)))
      )
    )

    return {
      offer: (rows) =>
        Effect.gen(function* () {
          const [dropped] = Arr.partition(rows, (row) => backlog.add(row))
          yield* drop(dropped.length)
          if (backlog.hasFullBatch) yield* Queue.offer(full, undefined)
          return dropped.length
        })
    }
  })
