import { Array as Arr, type Duration, Effect, Fiber, Queue, Schedule, type Scope } from "effect"

export interface BatchWriterOptions<Row> {
  /** Maximum rows and bytes in the queue; further rows are dropped. */
  readonly capacity: { readonly rows: number; readonly bytes: number }
  readonly maxBatch: { readonly rows: number; readonly bytes: number }
  /** Maximum time that a row waits for its batch. */
  readonly interval: Duration.Duration
  readonly sizeOf: (row: Row) => number
  readonly write: (rows: ReadonlyArray<Row>) => Effect.Effect<void, unknown>
  /** Attempts per batch, and the timeout of one attempt. */
  readonly attempts: number
  readonly attemptTimeout: Duration.Duration
  /** Time to flush the queue when the scope closes. */
  readonly flushTimeout: Duration.Duration
  readonly onDropped: (rows: number) => Effect.Effect<void>
}

export interface BatchWriter<Row> {
  /** Enqueues what fits, without blocking; returns how many rows were dropped. */
  readonly offer: (rows: ReadonlyArray<Row>) => Effect.Effect<number>
}

/** A FIFO queue of rows, bounded by number and bytes. */
class RowQueue<Row> {
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

  /** The oldest rows that fit into one batch, at least one, so that a large row cannot block the queue. */
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
 * Writes rows in batches from one fiber, so that `offer` never blocks. Every row is written or counted as dropped: rows without
 * room in the queue, rows of a batch that failed in all its attempts, and rows left when the flush timeout ends.
 */
export const batchWriter = <Row>(
  options: BatchWriterOptions<Row>
): Effect.Effect<BatchWriter<Row>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const backlog = new RowQueue(options)
    const full = yield* Queue.sliding<void>(1)

    const drop = (rows: number) => (rows === 0 ? Effect.void : options.onDropped(rows))
    const write = (rows: ReadonlyArray<Row>) =>
      options.write(rows).pipe(
        Effect.timeout(options.attemptTimeout),
        Effect.retry(Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(options.attempts - 1))),
        Effect.catchAllCause(() => drop(rows.length)),
        // Interrupted by the end of the scope: count the batch as dropped.
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

    // Let the loop finish: its current batch must neither be written twice nor dropped.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closing = true
        return Queue.offer(full, undefined)
      }).pipe(
        Effect.zipRight(Fiber.join(loop)),
        Effect.zipRight(flush),
        // Finalizers are uninterruptible, so the timeout needs an interruptible region.
        Effect.interruptible,
        Effect.timeoutOption(options.flushTimeout),
        Effect.zipRight(Fiber.interrupt(loop)),
        Effect.zipRight(Effect.suspend(() => drop(backlog.size)))
      )
    )

    const offer: BatchWriter<Row>["offer"] = Effect.fnUntraced(function* (rows) {
      const [dropped] = Arr.partition(rows, (row) => backlog.add(row))
      yield* drop(dropped.length)
      if (backlog.hasFullBatch) yield* Queue.offer(full, undefined)
      return dropped.length
    })
    return { offer }
  })
