import type { SqlClient } from "@effect/sql/SqlClient"
import type { Fragment } from "@effect/sql/Statement"
import { Duration, Effect, Layer, Schema } from "effect"
import { BuildFailed, type BuildState, BuildSucceeded } from "../../services/builds/Builder.ts"
import {
  type BuildLeaseKey,
  BuildLedger,
  type ClaimResult,
  cancelledOutcome,
  type LeaseRequest,
  type RenewalResult
} from "../../services/builds/BuildLedger.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst, decodeRows } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

type ExternalIdNote = Parameters<BuildLedger["Type"]["recordExternalId"]>[0]
type EndedBuild = Parameters<BuildLedger["Type"]["recordOutcome"]>[0]

/** The table `ctrl_worker_builds`, in the shared or this worker's own database. */
interface Builds {
  readonly sql: SqlClient
  readonly table: Fragment
}

const Outcome = Schema.parseJson(Schema.Union(BuildSucceeded, BuildFailed))
const encodeOutcome = Schema.encodeSync(Outcome)

const buildRow = decodeFirst(
  Schema.Struct({
    owner: Schema.String,
    detail: Schema.String,
    externalBuildId: Schema.NullOr(Schema.String),
    outcome: Schema.NullOr(Outcome),
    isLeased: Schema.Boolean
  })
)
const pkRows = decodeRows(Schema.Struct({ pk: Schema.BigIntFromSelf }))

/** Rows per delete. Each claim adds at most one row and deletes expired ones, so the table stays small. */
const sweepLimit = 100

// The database's time: the one clock that all workers share.
const now = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
// Inlined as numbers: parameters are sent as strings, which makes the server compare as floats.
const after = (sql: SqlClient, duration: Duration.Duration) =>
  sql.literal(`${now} + ${Math.round(Duration.toMillis(duration))}`)

const select = ({ sql, table }: Builds, buildId: string, lock: "" | "FOR UPDATE") =>
  buildRow(sql`
    SELECT owner, detail, external_build_id, outcome,
           CASE WHEN lease_until > ${sql.literal(now)} THEN 1 ELSE 0 END AS is_leased
    FROM ${table} WHERE build_id = ${buildId} ${sql.literal(lock)}`)

const owned = (sql: SqlClient, { buildId, owner }: BuildLeaseKey) => sql`build_id = ${buildId} AND owner = ${owner}`

/** Inserting locks the row, new or existing; the read then tells its owner. */
const claim = Effect.fnUntraced(function* (builds: Builds, { buildId, detail, duration, owner }: LeaseRequest) {
  const { sql, table } = builds
  const until = after(sql, duration)
  yield* sql`INSERT INTO ${table} (build_id, owner, lease_until, detail)
             VALUES (${buildId}, ${owner}, ${until}, ${detail}) ON DUPLICATE KEY UPDATE build_id = ${buildId}`
  const row = yield* select(builds, buildId, "FOR UPDATE")
  if (row === null || row.outcome !== null) return { _tag: "Ended" } satisfies ClaimResult
  if (row.owner !== owner) {
    if (row.isLeased) return { _tag: "Running" } satisfies ClaimResult
    yield* sql`UPDATE ${table} SET owner = ${owner}, lease_until = ${until}, detail = ${detail}
               WHERE build_id = ${buildId}`
  }
  return { _tag: "Claimed", orphan: row.externalBuildId } satisfies ClaimResult
})

const renew = Effect.fnUntraced(function* (builds: Builds, lease: LeaseRequest) {
  const { sql, table } = builds
  yield* sql`UPDATE ${table} SET lease_until = ${after(sql, lease.duration)}, detail = ${lease.detail}
             WHERE ${owned(sql, lease)} AND outcome IS NULL`
  const row = yield* select(builds, lease.buildId, "")
  const renewal: RenewalResult = row?.owner !== lease.owner ? "lost" : row.outcome === null ? "held" : "cancelled"
  return renewal
})

const recordExternalId = Effect.fnUntraced(function* (builds: Builds, note: ExternalIdNote) {
  const { sql, table } = builds
  yield* sql`UPDATE ${table} SET external_build_id = ${note.externalBuildId} WHERE ${owned(sql, note)}`
  return (yield* select(builds, note.buildId, ""))?.owner === note.owner
})

const recordOutcome = Effect.fnUntraced(function* (builds: Builds, ended: EndedBuild) {
  const { sql, table } = builds
  const outcome = encodeOutcome(ended.outcome)
  yield* sql`UPDATE ${table} SET outcome = ${outcome}, lease_until = ${sql.literal(now)}
             WHERE ${owned(sql, ended)} AND outcome IS NULL`
  const row = yield* select(builds, ended.buildId, "")
  // A repeat finds its own outcome.
  return row?.owner === ended.owner && row.outcome !== null && encodeOutcome(row.outcome) === outcome
})

const requestCancel = ({ sql, table }: Builds, buildId: string) => {
  const outcome = encodeOutcome(cancelledOutcome)
  return sql`
    INSERT INTO ${table} (build_id, owner, lease_until, detail, outcome)
    VALUES (${buildId}, '', ${sql.literal(now)}, '', ${outcome})
    ON DUPLICATE KEY UPDATE outcome = COALESCE(outcome, ${outcome})`
}

const deleteExpired = Effect.fnUntraced(function* ({ sql, table }: Builds, retention: Duration.Duration) {
  const old = sql.literal(`lease_until <= ${now} - ${Math.round(Duration.toMillis(retention))}`)
  const rows = yield* pkRows(
    sql`SELECT pk FROM ${table} WHERE ${old} ORDER BY lease_until LIMIT ${sql.literal(`${sweepLimit}`)}`
  )
  if (rows.length === 0) return 0
  // Checked again: a row may have been claimed meanwhile.
  yield* sql`DELETE FROM ${table} WHERE pk IN (${sql.literal(rows.map(({ pk }) => pk).join(","))}) AND ${old}`
  return rows.length
})

const stateOf = (row: Effect.Effect.Success<ReturnType<typeof select>>): BuildState => {
  if (row?.outcome) return row.outcome
  return row?.isLeased ? { _tag: "Running", detail: row.detail } : { _tag: "Unknown" }
}

/** The ledger in the primary database, using its clock. */
export const BuildLedgerLive: Layer.Layer<BuildLedger, never, MysqlPools> = Layer.effect(
  BuildLedger,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const table = primary.ownTable("ctrl_worker_builds")
    const builds: Builds = { sql, table }
    const { command, query, transaction } = storeMethods("BuildLedger", primary)
    return BuildLedger.of({
      claim: transaction("claim", (lease: LeaseRequest) => claim(builds, lease)),
      // Not traced: runs every few seconds for the whole build.
      renew: (lease) => Effect.withTracerEnabled(primary.transaction("BuildLedger.renew", renew(builds, lease)), false),
      recordExternalId: transaction("recordExternalId", (note: ExternalIdNote) => recordExternalId(builds, note)),
      recordOutcome: transaction("recordOutcome", (ended: EndedBuild) => recordOutcome(builds, ended)),
      release: command(
        "release",
        (lease: BuildLeaseKey) => sql`
          UPDATE ${table} SET lease_until = LEAST(lease_until, ${sql.literal(now)}) WHERE ${owned(sql, lease)}`
      ),
      requestCancel: command("requestCancel", (buildId: string) => requestCancel(builds, buildId)),
      state: query("state", (buildId: string) => Effect.map(select(builds, buildId, ""), stateOf)),
      deleteExpired: transaction("deleteExpired", (retention: Duration.Duration) => deleteExpired(builds, retention))
    })
  })
)
