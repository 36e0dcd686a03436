import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import type { MysqlPool } from "../layers/mysql/MysqlPool.ts"
import { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { decodeRows } from "../layers/mysql/rows.ts"
import { DbError, type DbFailure } from "../services/Db.ts"
import { type Migration, migrations } from "./migrations.ts"
import { AppliedMigration, compareSchema, SchemaNewer, type SchemaState } from "./schemaState.ts"

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
const appliedRows = decodeRows(AppliedMigration)
const tableRows = decodeRows(Schema.Struct({ name: Schema.String }))

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

const readApplied = (sql: SqlClient) => appliedRows(sql`SELECT id, name FROM control_plane_migrations ORDER BY id`)

/** What a database has, from whichever server; reads and changes nothing. */
export const schemaState = ({ query, sql }: MysqlPool): Effect.Effect<SchemaState, DbFailure> =>
  query(
    "schema state",
    Effect.gen(function* () {
      const tables = yield* tableRows(
        sql`SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name = 'control_plane_migrations'`
      )
      return compareSchema(migrations, tables.length === 0 ? [] : yield* readApplied(sql))
    })
  )

/** Applies what is pending, unless the database has migrations that this build does not know and `refusesNewer`. */
const applyPending = Effect.fnUntraced(function* (sql: SqlClient, refusesNewer: boolean) {
  yield* sql.unsafe(bookkeeping).unprepared
  const state = compareSchema(migrations, yield* readApplied(sql))
  const mayApply = state.unknown.length === 0 || !refusesNewer
  const applied = yield* Effect.forEach(mayApply ? state.pending : [], (migration) => apply(sql, migration))
  return { ...state, applied }
})

/** Under the lock, so that of several processes each sees what the one before it has done. */
const migrateLocked = (refusesNewer: boolean) =>
  Effect.flatMap(MysqlPools, ({ primary: { session, sql } }) =>
    session(
      "migrate",
      Effect.acquireUseRelease(
        acquireLock(sql),
        () => applyPending(sql, refusesNewer),
        // A connection that broke has released the lock by breaking.
        () => Effect.ignore(sql`DO RELEASE_LOCK(${sql.literal(lockName)})`.unprepared)
      )
    )
  ).pipe(
    Effect.map(({ applied, present, unknown }) => ({
      report: { applied, present } satisfies MigrationReport,
      unknown
    })),
    Effect.withSpan("migrate")
  )

/**
 * Brings the primary's schema up to date: creates on an empty database, adds what is missing to one that has these tables
 * already, and never changes a column or a row that exists. Safe to repeat and to run from several processes at once. A
 * database that a newer version has migrated is used as it is, with a warning: migrations only add, so an older worker
 * runs beside a newer one and after it.
 */
export const migrate: Effect.Effect<MigrationReport, DbFailure, MysqlPools> = migrateLocked(false).pipe(
  Effect.tap(({ unknown }) =>
    Effect.when(
      Effect.logWarning("The database has been migrated by a newer version of this worker", {
        unknown: unknown.map(({ name }) => name)
      }),
      () => unknown.length > 0
    )
  ),
  Effect.map(({ report }) => report)
)

/** The same for a person who asks for it: with a database that is newer than this build it changes nothing and fails. */
export const migrateForward: Effect.Effect<MigrationReport, DbFailure | SchemaNewer, MysqlPools> = Effect.flatMap(
  migrateLocked(true),
  ({ report, unknown }) => (unknown.length === 0 ? Effect.succeed(report) : new SchemaNewer({ unknown }))
)
