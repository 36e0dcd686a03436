import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import type { MysqlPool } from "../layers/mysql/MysqlPool.ts"
import { MysqlPools } from "../layers/mysql/MysqlPools.ts"
import { tableName } from "../layers/mysql/ownTables.ts"
import { decodeRows } from "../layers/mysql/rows.ts"
import { DbError, type DbFailure } from "../services/Db.ts"
import { createIndex } from "./createIndex.ts"
import type { Migration } from "./migrations.ts"
import { readSchema } from "./readSchema.ts"
import { SchemaNewer, SchemaPending, type SchemaState, SchemaUnsupported } from "./schemaState.ts"

/** Migrations that a run applied, and those already present, by id. */
export interface MigrationReport {
  readonly applied: ReadonlyArray<number>
  readonly present: ReadonlyArray<number>
}

/** How long one worker waits for another that is migrating. Below the statement timeout. */
const lockWaitSeconds = 8

const bookkeeping = (
  database?: string
) => `CREATE TABLE IF NOT EXISTS ${tableName("control_plane_migrations", database)} (
  \`id\` int NOT NULL PRIMARY KEY,
  \`name\` varchar(255) NOT NULL,
  \`applied_at\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

const lockRows = decodeRows(Schema.Struct({ granted: Schema.NullOr(Schema.Number) }))

/** Lock names are global to the server and hold 64 characters, hence a digest of the database name; MySQL 9 has no MD5. */
const lockName = "CONCAT('control_plane_migrations:', LEFT(SHA2(DATABASE(), 256), 32))"

const acquireLock = Effect.fnUntraced(function* (sql: SqlClient) {
  const [row] = yield* lockRows(sql`SELECT GET_LOCK(${sql.literal(lockName)}, ${lockWaitSeconds}) AS granted`)
  if (row?.granted !== 1) return yield* new DbError({ operation: "migrate", reason: "lock_wait" })
})

const run = (sql: SqlClient, statements: ReadonlyArray<string>) =>
  Effect.forEach(statements, (statement) => sql.unsafe(statement).unprepared, { discard: true })

const apply = Effect.fnUntraced(function* ({ ownTable, sql }: MysqlPool, migration: Migration) {
  yield* run(sql, migration.statements)
  yield* sql`INSERT INTO ${ownTable("control_plane_migrations")} (id, name) VALUES (${migration.id}, ${migration.name})`
  yield* Effect.logInfo("Applied a migration").pipe(Effect.annotateLogs({ migration: migration.name }))
  return migration.id
})

/** Recreates dropped indexes by name; their tables may be gone too. */
const restore = Effect.fnUntraced(function* (sql: SqlClient, { applied, missingIndexes }: SchemaState) {
  const incomplete = applied.filter(({ indexes }) => indexes.some((index) => missingIndexes.includes(index)))
  yield* Effect.forEach(incomplete, ({ indexes, statements }) =>
    run(sql, [...statements, ...indexes.flatMap(createIndex)])
  )
  return missingIndexes.map(({ name }) => name)
})

/** The schema state of a database on any server. Needs only SELECT and changes nothing. */
export const schemaState = (pool: MysqlPool): Effect.Effect<SchemaState, DbFailure> =>
  pool.query("schema state", readSchema(pool))

/** Fails for a database of an unsupported Unkey version, which must not be changed. */
export const requireSupported = (state: SchemaState): Effect.Effect<SchemaState, SchemaUnsupported> =>
  state.unsupported.length === 0 ? Effect.succeed(state) : new SchemaUnsupported({ found: state.unsupported })

const readSupported = Effect.flatMap(MysqlPools, ({ primary }) =>
  Effect.flatMap(schemaState(primary), requireSupported)
)

/**
 * Who runs the migration. `start`: the worker's start. `person`: an operator; then a newer database fails, and dropped indexes
 * are recreated.
 */
type Trigger = "start" | "person"

/** The state before a run, and what the run changed. */
interface Run {
  readonly state: SchemaState
  readonly applied: ReadonlyArray<number>
  readonly restored: ReadonlyArray<string>
}

const untouched = (state: SchemaState): Run => ({ state, applied: [], restored: [] })

const applyPending = Effect.fnUntraced(function* (primary: MysqlPool, trigger: Trigger) {
  const { ownDatabase, sql } = primary
  const state = yield* readSchema(primary)
  if (state.unsupported.length > 0 || (trigger === "person" && state.unknown.length > 0)) return untouched(state)
  if (state.pending.length > 0) yield* sql.unsafe(bookkeeping(ownDatabase)).unprepared
  const applied = yield* Effect.forEach(state.pending, (migration) => apply(primary, migration))
  const restored = trigger === "person" ? yield* restore(sql, state) : []
  const done: Run = { state, applied, restored }
  return done
})

/** Runs under the lock, so that concurrent processes see each other's result. */
const migrateLocked = (asked: Trigger) =>
  Effect.flatMap(MysqlPools, ({ primary }) =>
    primary.session(
      "migrate",
      Effect.acquireUseRelease(
        acquireLock(primary.sql),
        () => applyPending(primary, asked),
        // A lost connection has already released the lock.
        () => Effect.ignore(primary.sql`DO RELEASE_LOCK(${primary.sql.literal(lockName)})`.unprepared)
      )
    )
  ).pipe(
    Effect.tap(({ state }) => requireSupported(state)),
    Effect.withSpan("migrate")
  )

const warn = ({ missingIndexes, unknown }: SchemaState) =>
  Effect.all(
    [
      Effect.when(
        Effect.logWarning("The database has been migrated by a newer version of this worker", {
          unknown: unknown.map(({ name }) => name)
        }),
        () => unknown.length > 0
      ),
      Effect.when(
        Effect.logWarning(
          "Indexes of this worker are missing: statements are slow until migrate --apply restores them",
          {
            indexes: missingIndexes.map(({ name, table }) => `${table}.${name}`)
          }
        ),
        () => missingIndexes.length > 0
      )
    ],
    { discard: true }
  )

const reportOf = ({ applied, state }: Run): MigrationReport => ({ applied, present: state.present })

/**
 * Migrates the primary's schema: creates tables in an empty database, adds what is missing in an existing one, and never
 * changes an existing column or row. If nothing is pending it only reads, so an account without DDL privileges can start. Safe
 * to repeat and to run concurrently. A database migrated by a newer version is used with a warning: migrations only add, so an
 * older worker runs beside and after a newer one. A database of an unsupported Unkey version fails before anything is written.
 */
export const migrate: Effect.Effect<MigrationReport, DbFailure | SchemaUnsupported, MysqlPools> = readSupported.pipe(
  Effect.flatMap((state) => (state.pending.length === 0 ? Effect.succeed(untouched(state)) : migrateLocked("start"))),
  Effect.tap(({ state }) => warn(state)),
  Effect.map(reportOf)
)

/** For a start that must not change the schema: fails if migrations are pending. */
export const requireMigrated: Effect.Effect<
  MigrationReport,
  DbFailure | SchemaUnsupported | SchemaPending,
  MysqlPools
> = readSupported.pipe(
  Effect.tap(({ pending }) => Effect.when(new SchemaPending({ pending }), () => pending.length > 0)),
  Effect.tap(warn),
  Effect.map((state) => reportOf(untouched(state)))
)

const isComplete = ({ missingIndexes, pending }: SchemaState) => pending.length === 0 && missingIndexes.length === 0

/** `migrate` for an operator: also recreates dropped indexes, and fails for a database newer than this build. */
export const migrateForward: Effect.Effect<
  MigrationReport & Pick<Run, "restored">,
  DbFailure | SchemaUnsupported | SchemaNewer,
  MysqlPools
> = readSupported.pipe(
  Effect.flatMap((state) => (isComplete(state) ? Effect.succeed(untouched(state)) : migrateLocked("person"))),
  Effect.flatMap((done) =>
    done.state.unknown.length === 0
      ? Effect.succeed({ ...reportOf(done), restored: done.restored })
      : new SchemaNewer({ unknown: done.state.unknown })
  )
)
