import type { SqlClient } from "@effect/sql/SqlClient"
import { Array as Arr, Effect, Layer, Option, Schema } from "effect"
import {
  KeyRefillStore,
  type RefillDate,
  type RefilledBatch,
  type RefillRequest
} from "../../services/keyRefill/KeyRefillStore.ts"
import { skipRefusedKeys } from "../../services/skipRefusedKeys.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst, decodeRows } from "./rows.ts"

/**
 * Primary keys per statement: about 100 ms of reading, so that a table with few due keys does not exceed the statement timeout.
 */
const window = 100_000n

const Key = Schema.Struct({ pk: Schema.BigIntFromSelf, id: Schema.String })
const pkRows = decodeRows(Key.pick("pk"))
const keyRows = decodeRows(Key)
const keyRow = decodeFirst(Key)
const bound = decodeFirst(Schema.Struct({ pk: Schema.NullOr(Schema.BigIntFromSelf) }))
const counted = decodeFirst(Schema.Struct({ count: Schema.Number }))

// Primary keys are inlined: parameters are sent as strings, which cannot use an index on a number.
const number = (sql: SqlClient, value: bigint) => sql.literal(String(value))
const listOf = (sql: SqlClient, pks: ReadonlyArray<bigint>) => sql.literal(pks.join(","))

const isDue = (sql: SqlClient, { dayOfMonth, isLastOfMonth }: RefillDate) => sql`
  k.refill_amount IS NOT NULL AND k.deleted_at_m IS NULL
  AND (k.remaining_requests IS NULL OR k.remaining_requests < k.refill_amount)
  AND (k.refill_day IS NULL OR k.refill_day = ${dayOfMonth} OR (${isLastOfMonth ? 1 : 0} = 1 AND k.refill_day > ${dayOfMonth}))`

/** 96 bits of SHA-256 over date and key id, in the format of audit log ids. */
const auditId = (sql: SqlClient, { day }: RefillDate) =>
  sql`CONCAT('log_', LEFT(SHA2(CONCAT('key refill ', ${day}, ' ', k.id), 256), 24))`

/**
 * Candidate keys, read without locks: a locking read would wait for every row it passes. Uses the primary key, because the
 * index on refill_amount would need a sort for every batch.
 */
const findCandidates = (sql: SqlClient, { after, date, limit }: RefillRequest) =>
  pkRows(
    sql`
    SELECT k.pk FROM \`keys\` AS k FORCE INDEX (PRIMARY)
    WHERE k.pk > ${number(sql, after)} AND k.pk <= ${number(sql, after + window)} AND ${isDue(sql, date)}
    ORDER BY k.pk LIMIT ${number(sql, BigInt(limit))}`.unprepared
  )

/** The candidates that are due and not yet refilled for the date, locked until the transaction ends. */
const lockDue = (sql: SqlClient, { date }: RefillRequest, pks: ReadonlyArray<bigint>) =>
  keyRows(
    sql`
    SELECT k.pk, k.id FROM \`keys\` AS k
    WHERE k.pk IN (${listOf(sql, pks)}) AND ${isDue(sql, date)}
      AND NOT EXISTS (SELECT 1 FROM audit_log AS a WHERE a.id = ${auditId(sql, date)})
    ORDER BY k.pk FOR UPDATE`.unprepared
  )

const nameOrId = "COALESCE(NULLIF(k.name, ''), k.id)"

/** Runs before the keys change, because the audit rows contain the old count. */
const writeAuditRows = Effect.fnUntraced(function* (
  sql: SqlClient,
  { at, date }: RefillRequest,
  pks: ReadonlyArray<bigint>
) {
  const id = auditId(sql, date)
  const rows = sql`FROM \`keys\` AS k WHERE k.pk IN (${listOf(sql, pks)}) ORDER BY k.pk`
  yield* sql`
    INSERT INTO audit_log
      (id, workspace_id, bucket, bucket_id, event, time, display, actor_type, actor_id, actor_name, actor_meta, created_at)
    SELECT ${id}, k.workspace_id, 'unkey_mutations', k.workspace_id, 'key.update', ${at},
           LEFT(CONCAT('Refilled key ', ${sql.literal(nameOrId)}), 256), 'system', 'keyrefill', 'Key Refill Service',
           JSON_OBJECT(), ${at}
    ${rows}`.unprepared
  // Two rows of each key in one statement, which finds the keys and their ids once.
  yield* sql`
    INSERT INTO audit_log_target
      (workspace_id, bucket_id, bucket, audit_log_id, display_name, type, id, name, meta, created_at)
    SELECT k.workspace_id, k.workspace_id, 'unkey_mutations', ${id}, IF(target.is_key, ${sql.literal(nameOrId)}, k.workspace_id),
           IF(target.is_key, 'key', 'workspace'), IF(target.is_key, k.id, k.workspace_id), IF(target.is_key, k.name, NULL),
           IF(target.is_key, JSON_OBJECT('refill_amount', k.refill_amount,
                                         'previous_remaining', COALESCE(k.remaining_requests, 0),
                                         'new_remaining', k.refill_amount), JSON_OBJECT()), ${at}
    FROM \`keys\` AS k CROSS JOIN (SELECT 1 AS is_key UNION ALL SELECT 0) AS target
    WHERE k.pk IN (${listOf(sql, pks)})`.unprepared
})

const refillKeys = (sql: SqlClient, { at }: RefillRequest, pks: ReadonlyArray<bigint>) =>
  sql`
    UPDATE \`keys\`
    SET remaining_requests = refill_amount, last_refill_at = FROM_UNIXTIME(${at} / 1000), updated_at_m = ${at}
    WHERE pk IN (${listOf(sql, pks)})`.unprepared

const highest = (sql: SqlClient) => Effect.map(bound(sql`SELECT MAX(pk) AS pk FROM \`keys\``), (row) => row?.pk ?? 0n)

/** The next cursor: after a full batch, else at the next row after the window, if any. */
const findCursor = Effect.fnUntraced(function* (
  sql: SqlClient,
  { after, limit }: RefillRequest,
  candidates: ReadonlyArray<bigint>
) {
  const last = candidates.at(-1)
  if (last !== undefined && candidates.length >= limit) return { cursor: last, done: false }
  const end = after + window
  const next = yield* bound(sql`SELECT MIN(pk) AS pk FROM \`keys\` WHERE pk > ${number(sql, end)}`.unprepared)
  const pk = next?.pk ?? null
  return pk === null ? { cursor: yield* highest(sql), done: true } : { cursor: pk - 1n, done: false }
})

/**
 * Counts keys up to the cursor that this run marked for the date, besides those just refilled: if an earlier attempt committed
 * but its response was lost, the repeat returns the same count. Keys that were last refilled before this run need no search for
 * an audit row.
 */
const countMarked = (
  sql: SqlClient,
  { after, at, date }: RefillRequest,
  cursor: bigint,
  justRefilled: ReadonlyArray<bigint>
) =>
  Effect.map(
    counted(
      sql`
      SELECT COUNT(*) AS count FROM \`keys\` AS k FORCE INDEX (PRIMARY)
      STRAIGHT_JOIN audit_log AS a ON a.id = ${auditId(sql, date)} AND a.time = ${at}
      WHERE k.pk > ${number(sql, after)} AND k.pk <= ${number(sql, cursor)}
        AND k.last_refill_at >= FROM_UNIXTIME(FLOOR(${at} / 1000))
        AND k.pk NOT IN (${listOf(sql, [0n, ...justRefilled])})`.unprepared
    ),
    (row) => row?.count ?? 0
  )

const refillBatch = Effect.fnUntraced(function* (sql: SqlClient, request: RefillRequest) {
  const candidates = (yield* findCandidates(sql, request)).map(({ pk }) => pk)
  const due = Arr.isNonEmptyReadonlyArray(candidates) ? yield* lockDue(sql, request, candidates) : []
  const pks = due.filter(({ id }) => !request.except.has(id)).map(({ pk }) => pk)
  if (Arr.isNonEmptyReadonlyArray(pks)) {
    yield* writeAuditRows(sql, request, pks)
    yield* refillKeys(sql, request, pks)
  }
  const { cursor, done } = yield* findCursor(sql, request, candidates)
  const refilled = pks.length + (yield* countMarked(sql, request, cursor, pks))
  const batch: RefilledBatch = { cursor, refilled, done }
  return batch
})

/** The first due key. */
const firstDue = (sql: SqlClient, request: RefillRequest) =>
  Effect.gen(function* () {
    const [candidate] = yield* findCandidates(sql, { ...request, limit: 1 })
    if (candidate === undefined) return Option.none()
    const key = yield* keyRow(
      sql`SELECT k.pk, k.id FROM \`keys\` AS k WHERE k.pk = ${number(sql, candidate.pk)}`.unprepared
    )
    return Option.map(Option.fromNullable(key), ({ id, pk }) => ({ cursor: pk, id }))
  })

export const KeyRefillStoreLive: Layer.Layer<KeyRefillStore, never, MysqlPools> = Layer.effect(
  KeyRefillStore,
  Effect.map(MysqlPools, ({ primary: { query, sql, transaction } }) =>
    KeyRefillStore.of({
      refillBatch: Effect.fn("KeyRefillStore.refillBatch")(
        skipRefusedKeys({
          refill: (request) => transaction("KeyRefillStore.refillBatch", refillBatch(sql, request)),
          first: (request) => query("KeyRefillStore.refillBatch", firstDue(sql, request))
        })
      ),
      highest: query("KeyRefillStore.highest", highest(sql)).pipe(Effect.withSpan("KeyRefillStore.highest"))
    })
  )
)
