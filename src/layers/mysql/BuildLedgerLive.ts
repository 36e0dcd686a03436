import type { SqlClient } from "@effect/sql/SqlClient"
import { Duration, Effect, Layer, Schema } from "effect"
import { BuildFailed, BuildSucceeded } from "../../services/Builder.ts"
import {
  type BuildClaim,
  type BuildHold,
  type BuildLease,
  BuildLedger,
  type BuildRenewal,
  cancelledOutcome
} from "../../services/BuildLedger.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeRows, Flag } from "./rows.ts"

type Ledger = BuildLedger["Type"]

const Outcome = Schema.parseJson(Schema.Union(BuildSucceeded, BuildFailed))
const encodeOutcome = Schema.encodeSync(Outcome)

const buildRows = decodeRows(
  Schema.Struct({
    owner: Schema.String,
    detail: Schema.String,
    externalBuildId: Schema.NullOr(Schema.String),
    outcome: Schema.NullOr(Outcome),
    isLeased: Flag
  })
)
const pkRows = decodeRows(Schema.Struct({ pk: Schema.BigInt }))

/** Rows that one sweep deletes: each claim adds at most one, so that sweeping with every claim keeps up. */
const sweepLimit = 100

// The statement's own time, by the one clock that all workers share.
const now = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
// Numbers of ours are written into the statement: as parameters they are strings, which turn a comparison into one of floats.
const after = (sql: SqlClient, duration: Duration.Duration) =>
  sql.literal(`${now} + ${Math.round(Duration.toMillis(duration))}`)

const select = (sql: SqlClient, buildId: string, lock: "" | "FOR UPDATE") =>
  Effect.map(
    buildRows(sql`
      SELECT owner, detail, external_build_id AS externalBuildId, outcome,
             CASE WHEN lease_until > ${sql.literal(now)} THEN 1 ELSE 0 END AS isLeased
      FROM ctrl_worker_builds WHERE build_id = ${buildId} ${sql.literal(lock)}`),
    ([row]) => row
  )

const owned = (sql: SqlClient, { buildId, owner }: BuildHold) => sql`build_id = ${buildId} AND owner = ${owner}`

/** The row is there and locked once it is inserted, whoever inserted it; then it says whose it is. */
const claim = Effect.fnUntraced(function* (sql: SqlClient, { buildId, detail, lease, owner }: BuildLease) {
  const until = after(sql, lease)
  yield* sql`INSERT INTO ctrl_worker_builds (build_id, owner, lease_until, detail)
             VALUES (${buildId}, ${owner}, ${until}, ${detail}) ON DUPLICATE KEY UPDATE build_id = ${buildId}`
  const row = yield* select(sql, buildId, "FOR UPDATE")
  if (row === undefined || row.outcome !== null) return { _tag: "Ended" } satisfies BuildClaim
  if (row.owner !== owner) {
    if (row.isLeased) return { _tag: "Running" } satisfies BuildClaim
    yield* sql`UPDATE ctrl_worker_builds SET owner = ${owner}, lease_until = ${until}, detail = ${detail}
               WHERE build_id = ${buildId}`
  }
  return { _tag: "Claimed", orphan: row.externalBuildId } satisfies BuildClaim
})

const renew = Effect.fnUntraced(function* (sql: SqlClient, lease: BuildLease) {
  yield* sql`UPDATE ctrl_worker_builds SET lease_until = ${after(sql, lease.lease)}, detail = ${lease.detail}
             WHERE ${owned(sql, lease)} AND outcome IS NULL`
  const row = yield* select(sql, lease.buildId, "")
  const renewal: BuildRenewal = row?.owner !== lease.owner ? "lost" : row.outcome === null ? "held" : "cancelled"
  return renewal
})

const noteExternal = Effect.fnUntraced(function* (sql: SqlClient, note: Parameters<Ledger["noteExternal"]>[0]) {
  yield* sql`UPDATE ctrl_worker_builds SET external_build_id = ${note.externalBuildId} WHERE ${owned(sql, note)}`
  return (yield* select(sql, note.buildId, ""))?.owner === note.owner
})

const end = Effect.fnUntraced(function* (sql: SqlClient, ended: Parameters<Ledger["end"]>[0]) {
  const outcome = encodeOutcome(ended.outcome)
  yield* sql`UPDATE ctrl_worker_builds SET outcome = ${outcome}, lease_until = ${sql.literal(now)}
             WHERE ${owned(sql, ended)} AND outcome IS NULL`
  const row = yield* select(sql, ended.buildId, "")
  // Its own outcome is what a repetition finds.
  return row?.owner === ended.owner && row.outcome !== null && encodeOutcome(row.outcome) === outcome
})

const requestCancel = (sql: SqlClient, buildId: string) => {
  const outcome = encodeOutcome(cancelledOutcome)
  return Effect.asVoid(sql`
    INSERT INTO ctrl_worker_builds (build_id, owner, lease_until, detail, outcome)
    VALUES (${buildId}, '', ${sql.literal(now)}, '', ${outcome})
    ON DUPLICATE KEY UPDATE outcome = COALESCE(outcome, ${outcome})`)
}

const sweep = Effect.fnUntraced(function* (sql: SqlClient, retention: Duration.Duration) {
  const old = sql.literal(`lease_until <= ${now} - ${Math.round(Duration.toMillis(retention))}`)
  const rows = yield* pkRows(
    sql`SELECT pk FROM ctrl_worker_builds WHERE ${old} ORDER BY lease_until LIMIT ${sql.literal(`${sweepLimit}`)}`
  )
  if (rows.length === 0) return 0
  // Looked at again: one of them may have been claimed meanwhile.
  yield* sql`DELETE FROM ctrl_worker_builds WHERE pk IN (${sql.literal(rows.map(({ pk }) => pk).join(","))}) AND ${old}`
  return rows.length
})

/** The ledger in the primary database, whose clock it goes by. */
export const BuildLedgerLive: Layer.Layer<BuildLedger, never, MysqlPools> = Layer.effect(
  BuildLedger,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary
    return BuildLedger.of({
      claim: Effect.fn("BuildLedger.claim")((lease) => transaction("BuildLedger.claim", claim(sql, lease))),
      // Comes every few seconds for as long as a build runs: nobody wants its spans.
      renew: (lease) => Effect.withTracerEnabled(transaction("BuildLedger.renew", renew(sql, lease)), false),
      noteExternal: Effect.fn("BuildLedger.noteExternal")((note) =>
        transaction("BuildLedger.noteExternal", noteExternal(sql, note))
      ),
      end: Effect.fn("BuildLedger.end")((ended) => transaction("BuildLedger.end", end(sql, ended))),
      release: Effect.fn("BuildLedger.release")((hold) =>
        transaction(
          "BuildLedger.release",
          Effect.asVoid(sql`UPDATE ctrl_worker_builds SET lease_until = LEAST(lease_until, ${sql.literal(now)})
                            WHERE ${owned(sql, hold)}`)
        )
      ),
      requestCancel: Effect.fn("BuildLedger.requestCancel")((buildId) =>
        transaction("BuildLedger.requestCancel", requestCancel(sql, buildId))
      ),
      state: Effect.fn("BuildLedger.state")(function* (buildId) {
        const row = yield* query("BuildLedger.state", select(sql, buildId, ""))
        if (row?.outcome) return row.outcome
        return row?.isLeased ? { _tag: "Running", detail: row.detail } : { _tag: "Unknown" }
      }),
      sweep: Effect.fn("BuildLedger.sweep")((retention) => transaction("BuildLedger.sweep", sweep(sql, retention)))
    })
  })
)
