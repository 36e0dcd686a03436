import { Clock, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, implement, key, stateCell } from "effect-restate"
import { KeyRefillService } from "../../contract/KeyRefillService.ts"
import { KeyRefillStore, type RefillDate, RefilledBatch } from "../../services/keyRefill/KeyRefillStore.ts"
import { recordMetric } from "../../services/Metrics.ts"
import { UpkeepSettings } from "../../services/UpkeepSettings.ts"
import { logEvent } from "../businessEvents.ts"
import { keysRefilledByGo } from "../compat/goCells.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { sendHeartbeat } from "../heartbeat.ts"
import { pauseAfterRetries, retryForSixHours } from "../retry.ts"
import { refillDate } from "./refillDate.ts"

/** A slice holds the object for some seconds and has about a hundred journal entries, however many keys there are. */
const batchesPerSlice = 25

/** Progress of a date: the position and the number of refilled keys. Kept after the run. */
export const RefillProgress = Schema.Struct({
  ...RefilledBatch.fields,
  /**
   * Unix milliseconds at which the latest run began. Every row that it writes has this time, and no row of another run.
   */
  at: Schema.optionalWith(Schema.Number, { exact: true })
})
type RefillProgress = typeof RefillProgress.Type
const progress = stateCell("progress", RefillProgress)

const noProgress: RefillProgress = { cursor: 0n, refilled: 0, done: false }
const currentProgress = Effect.map(progress.get, (stored) => Option.getOrElse(stored, () => noProgress))
const date = Effect.flatMap(key, refillDate)

const refillBatch = (date: RefillDate, except: ReadonlySet<string>, before: RefillProgress, at: number) =>
  Effect.gen(function* () {
    const store = yield* KeyRefillStore
    const { refillBatchSize: limit } = yield* UpkeepSettings
    const batch = yield* databaseStep(
      "refill-batch",
      Effect.tap(store.refillBatch({ date, after: before.cursor, limit, at, except }), ({ refilled }) =>
        recordMetric({ _tag: "JobProgressed", job: "key_refill", done: before.refilled + refilled })
      ),
      { output: RefilledBatch, retry: retryForSixHours }
    )
    const refused = (before.refused ?? 0) + (batch.refused ?? 0)
    const refilled = before.refilled + batch.refilled
    const after: RefillProgress = {
      at,
      cursor: batch.cursor,
      refilled,
      done: batch.done,
      ...(refused > 0 ? { refused } : {})
    }
    yield* progress.set(after)
    return after
  })

/**
 * The run's timestamp marks the rows that it refilled, so that a repeated batch counts the rows of its lost attempt and
 * no others.
 */
const runTimestamp = (fromStart: boolean, { at }: RefillProgress) =>
  !fromStart && at !== undefined
    ? Effect.succeed(at)
    : Effect.map(Clock.currentTimeMillis, (now) => Math.max(now, (at ?? 0) + 1))

const refillSlice = ({ fromStart }: Input<typeof KeyRefillService, "RefillSlice">) =>
  Effect.gen(function* () {
    const day = yield* date
    const except = yield* keysRefilledByGo
    const before = yield* currentProgress
    const at = yield* runTimestamp(fromStart, before)
    let reached = fromStart ? { ...noProgress, refilled: before.refilled } : before
    for (let batch = 0; batch < batchesPerSlice && !reached.done; batch++) {
      reached = yield* refillBatch(day, except, reached, at)
    }
    const { refused = 0 } = reached
    if (reached.done && refused > 0)
      yield* Effect.logError("Some keys cannot be refilled", { date: day.day, count: refused })
    yield* Effect.logInfo("Refilled keys", { date: day.day, keys: reached.refilled, done: reached.done })
    return { keysRefilled: reached.refilled - before.refilled, done: reached.done }
  }).pipe(giveUpOnFailure("key_refill"))

/**
 * Journals one call per slice, which is tens of thousands of keys. A slice that is killed or cancelled ends the run;
 * the next call goes through all keys again and refills none twice for the date.
 */
const runRefill = Effect.gen(function* () {
  const { day } = yield* date
  const own = yield* key
  const slice = (fromStart: boolean) => call(KeyRefillService, own, "RefillSlice", { fromStart })
  let { done, keysRefilled } = yield* slice(true)
  while (!done) {
    const next = yield* slice(false)
    keysRefilled += next.keysRefilled
    done = next.done
  }
  yield* logEvent("refill.completed", { date: day, keys: keysRefilled })
  yield* sendHeartbeat("key_refill")
  return { keysRefilled }
}).pipe(giveUpOnFailure("key_refill"))

const readProgress = Effect.gen(function* () {
  yield* date
  const store = yield* KeyRefillStore
  const { cursor, done, refilled } = yield* currentProgress
  const highest = yield* databaseStep("read-highest-key", store.highest, { output: Schema.BigInt })
  return { keysRefilled: refilled, done, cursor: String(cursor), highest: String(highest) }
})

/** Key: date. */
export const KeyRefillWorkflows = implement(
  KeyRefillService,
  { RunRefill: () => runRefill, RefillSlice: refillSlice, Progress: () => readProgress },
  { retry: pauseAfterRetries, endsWhenExhausted: ["RunRefill", "RefillSlice"] }
)
