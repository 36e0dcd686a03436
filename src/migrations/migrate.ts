import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { decodeRows } from "../layers/mysql/rows.ts"
import { DbError } from "../services/Db.ts"
import { type Migration, migrations } from "./migrations.ts"

/** What a run did, and what had been done before, by id. */
export interface MigrationReport {
  readonly applied: ReadonlyArray<number>
  readonly present: ReadonlyArray<number>
}

/** How long one worker waits for another one that is migrating. Below the timeout of one statement. */
const lockWaitSeconds = 8

const bookkeeping = `CREATE TABLE IF NOT EXISTS \`control_plane_migrations\` (
  \`id\` int NOT NULL PRIMARY KEY,
  \`name\` varchar(255) NOT NULL,
  \`applied_at\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

const lockRows = decodeRows(
  Schema.Struct({ granted: Schema.NullOr(Schema.Union(Schema.Number, Schema.NumberFromString)) })
)
const appliedRows = decodeRows(Schema.Struct({ id: Schema.Number }))

/** Lock names belong to the whole server and hold 64 characters, hence a digest of the database's name; MySQL 9 has no MD5. */
const lockName = "CONCAT('control_plane_migrations:', LEFT(SHA2(DATABASE(), 256), 32))"

const acquireLock = Effect.fnUntraced(function* (sql: SqlClient) {
  const [row] = yield* lockRows(sql`SELECT GET_LOCK(${sql.literal(lockName)}, ${lockWaitSeconds}) AS granted`)
  if (row?.granted !== 1) return yield* new DbError({ operation: "migrate", reason: "lock_wait" })
})

const apply = Effect.fnUntraced(function* (sql: SqlClient, migration: Migration) {
  yield* Effect.forEach(migration.statements, (statement) => sql.unsafe(statement).unprepared, { discard: true })
  yield* sql`INSERT INTO control_plane_migrations (id, name) VALUES (${migration.id}, ${migration.name})`
  yield* Effect.logInfo("applied a migration").pipe(Effect.annotateLogs({ migration: migration.name }))
  return migration.id
})

const applyMissing = Effect.fnUntraced(function* (sql: SqlClient) {
  yield* sql.unsafe(bookkeeping).unprepared
  const present = (yield* appliedRows(sql`SELECT id FROM control_plane_migrations ORDER BY id`)).map((row) => row.id)
  const applied = yield* Effect.forEach(
    migrations.filter((migration) => !present.includes(migration.id)),
    (migration) => apply(sql, migration)
  )
  const report: MigrationReport = { applied, present }
  return report
})

/**
 * Brings the primary's schema up to date: creates on an empty database, adds what is missing to one that has these tables
 * already, and never changes a column or a row that exists. Safe to repeat and to run from several processes at once.
 */
export const migrate: Effect.Effect<MigrationReport, DbError, MysqlPools> = Effect.flatMap(
  MysqlPools,
  ({ primary: { session, sql } }) =>
    session(
      "migrate",
      Effect.acquireUseRelease(
        acquireLock(sql),
        () => applyMissing(sql),
        // A connection that broke has released the lock by breaking.
        () => Effect.ignore(sql`DO RELEASE_LOCK(${sql.literal(lockName)})`.unprepared)
      )
    )
).pipe(Effect.withSpan("migrate"))
