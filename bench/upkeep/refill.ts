import { Effect } from "effect"
import type { RowDataPacket } from "mysql2/promise"
import { benchDatabase, callHandler, numbers, restateSql, watched, worker } from "./fixture.ts"

const service = "hydra.v1.KeyRefillService"

export interface RefillBenchOptions {
  /** Keys that are due; the table has twice as many. Ascending. */
  readonly sizes: ReadonlyArray<number>
  /** Sizes of batches to compare, at the second largest of the sizes. */
  readonly batches: ReadonlyArray<number>
  readonly batch: number
}

export interface RefillSample {
  readonly keys: number
  readonly batch: number
  readonly seconds: number
  /** The hand-written script on the same rows, before and after; null where only batches are compared. */
  readonly scriptSeconds: number | null
  readonly stateBytes: number
  readonly journalBytes: number
  readonly largestJournalBytes: number
  readonly peakMiB: number
}

type Run = (statement: string) => Effect.Effect<ReadonlyArray<RowDataPacket>, Error>

/** Rows in one INSERT while the table is made. */
const chunk = 250_000

/** Every second key is due. */
const growTo = Effect.fnUntraced(function* (run: Run, from: number, to: number) {
  for (let next = from; next < to; next += chunk) {
    const end = Math.min(to, next + chunk)
    yield* run(
      `INSERT INTO \`keys\` (id, hash, key_auth_id, start, workspace_id, name, refill_amount, remaining_requests)
       SELECT CONCAT('key_', n), SHA2(n, 256), 'ks_1', 'sk_', CONCAT('ws_', n % 1000), CONCAT('Key ', n),
              IF(n % 2 = 0, 1000, NULL), 10
       FROM (SELECT n + ${next} AS n FROM ${numbers} WHERE n < ${end - next}) AS next`
    )
  }
})

/** Everything is due again. */
const reset = Effect.fnUntraced(function* (run: Run) {
  yield* run("TRUNCATE TABLE audit_log")
  yield* run("TRUNCATE TABLE audit_log_target")
  yield* run("UPDATE `keys` SET remaining_requests = 10, last_refill_at = NULL WHERE refill_amount IS NOT NULL")
})

/** The same rows as the job writes, in the fewest statements: what a person with a SQL prompt would do. No cursor, no progress, no repeat. */
const script = (day: string): ReadonlyArray<string> => {
  const id = `CONCAT('log_', LEFT(SHA2(CONCAT('key refill ', '${day}', ' ', k.id), 256), 24))`
  const due =
    "FROM `keys` AS k WHERE k.refill_amount IS NOT NULL AND k.deleted_at_m IS NULL AND (k.remaining_requests IS NULL OR k.remaining_requests < k.refill_amount) AND k.refill_day IS NULL"
  const targets =
    "INSERT INTO audit_log_target (workspace_id, bucket_id, audit_log_id, display_name, type, id, name, meta, created_at)"
  return [
    `INSERT INTO audit_log (id, workspace_id, bucket_id, event, time, display, actor_type, actor_id, actor_name, actor_meta, created_at) SELECT ${id}, k.workspace_id, k.workspace_id, 'key.update', 1, LEFT(CONCAT('Refilled key ', COALESCE(k.name, k.id)), 256), 'system', 'keyrefill', 'Key Refill Service', JSON_OBJECT(), 1 ${due}`,
    `${targets} SELECT k.workspace_id, k.workspace_id, ${id}, COALESCE(k.name, k.id), 'key', k.id, k.name, JSON_OBJECT('refill_amount', k.refill_amount, 'previous_remaining', COALESCE(k.remaining_requests, 0), 'new_remaining', k.refill_amount), 1 ${due}`,
    `${targets} SELECT k.workspace_id, k.workspace_id, ${id}, k.workspace_id, 'workspace', k.workspace_id, NULL, JSON_OBJECT(), 1 ${due}`,
    "UPDATE `keys` SET remaining_requests = refill_amount, last_refill_at = NOW(3), updated_at_m = 1 WHERE refill_amount IS NOT NULL AND deleted_at_m IS NULL AND (remaining_requests IS NULL OR remaining_requests < refill_amount) AND refill_day IS NULL"
  ]
}

const timedScript = Effect.fnUntraced(function* (run: Run, day: string) {
  yield* reset(run)
  const startedAt = performance.now()
  yield* Effect.forEach(script(day), run)
  return (performance.now() - startedAt) / 1000
})

/** Bytes that Restate keeps of the run: the object's state, the journals of all its invocations, and the largest of these. */
const durableBytes = Effect.fnUntraced(function* (key: string) {
  const [state] = yield* restateSql(
    `SELECT SUM(LENGTH(key) + LENGTH(value_utf8)) AS bytes FROM state WHERE service_name = '${service}' AND service_key = '${key}'`
  )
  const journals = yield* restateSql(
    `SELECT j.id, SUM(LENGTH(j.entry_json)) AS bytes FROM sys_journal j JOIN sys_invocation i ON i.id = j.id WHERE i.target_service_name = '${service}' AND i.target_service_key = '${key}' GROUP BY j.id`
  )
  const sizes = journals.map(({ bytes }) => Number(bytes))
  return {
    stateBytes: Number(state?.bytes ?? 0),
    journalBytes: sizes.reduce((sum, size) => sum + size, 0),
    largestJournalBytes: Math.max(0, ...sizes)
  }
})

const refill = Effect.fnUntraced(function* (run: Run, metrics: string, key: string, keys: number) {
  yield* reset(run)
  const { answer, peakMiB, seconds } = yield* watched(metrics, callHandler(`${service}/${key}/RunRefill`))
  if (answer !== JSON.stringify({ keysRefilled: keys }))
    return yield* Effect.dieMessage(`refilled ${answer}, not ${keys}`)
  const [count] = yield* run("SELECT COUNT(*) AS logs FROM audit_log")
  if (Number(count?.logs) !== keys) return yield* Effect.dieMessage(`${count?.logs} audit rows, not ${keys}`)
  return { keys, seconds, peakMiB, ...(yield* durableBytes(key)) }
})

/** Whole runs through the ingress of the real stack, each beside the script on the same rows. */
export const benchRefill = ({ batch, batches, sizes }: RefillBenchOptions) =>
  Effect.gen(function* () {
    const database = yield* benchDatabase
    const withBatch = (size: number) => worker(database.url, { WORKER_KEY_REFILL_BATCH_SIZE: String(size) })
    // Makes the tables.
    yield* Effect.scoped(withBatch(batch))
    const samples: Array<RefillSample> = []
    let rows = 0
    let nth = 0
    const nextKey = () => `2026-02-01-${nth++}`
    const measure = (keys: number, size: number, withScript: boolean) =>
      Effect.gen(function* () {
        const before = withScript ? yield* timedScript(database.run, "a") : null
        const { metrics } = yield* withBatch(size)
        const measured = yield* refill(database.run, metrics, nextKey(), keys)
        const after = withScript ? yield* timedScript(database.run, "b") : null
        const scriptSeconds = before === null || after === null ? null : (before + after) / 2
        samples.push({ ...measured, batch: size, scriptSeconds })
        yield* Effect.logInfo(`refill: ${JSON.stringify(samples.at(-1))}`)
      }).pipe(Effect.scoped)
    for (const keys of sizes) {
      yield* Effect.logInfo(`refill: seeding ${2 * keys} keys`)
      yield* growTo(database.run, rows, 2 * keys)
      rows = 2 * keys
      yield* measure(keys, batch, true)
      if (keys === sizes.at(-2)) yield* Effect.forEach(batches, (size) => measure(keys, size, false))
    }
    return samples
  }).pipe(Effect.scoped)
