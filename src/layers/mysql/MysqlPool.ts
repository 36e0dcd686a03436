import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Duration, Effect, Schedule, Scope, String } from "effect"
import { DbError, type DbFailure, type PoolUsage } from "../../services/Db.ts"
import { type MysqlDriver, type MysqlPoolOptions, makeMysqlDriver, timedOut } from "./MysqlDriver.ts"
import { type OwnTable, tableName } from "./ownTables.ts"
import { withDbErrors } from "./withDbErrors.ts"

/** A bounded connection pool to one server. */
export interface MysqlPool {
  /** Writes identifiers in snake case: `workspaceId` as `workspace_id`. */
  readonly sql: SqlClient.SqlClient
  readonly ownDatabase: string | undefined
  /** The quoted name of a table that only this worker uses. */
  readonly ownTable: (table: OwnTable) => Fragment
  /** Runs read-only statements, with the retries of `transaction`. */
  readonly query: <A, R>(
    operation: string,
    effect: Effect.Effect<A, SqlError | DbFailure, R>
  ) => Effect.Effect<A, DbFailure, R>
  /**
   * Runs the statements in one transaction. The whole transaction is retried after a deadlock, a lock wait timeout, a lost
   * connection, a read-only or full server, and any unknown error. A lost COMMIT may have been applied, so every transaction
   * must be safe to repeat.
   */
  readonly transaction: <A, R>(
    operation: string,
    effect: Effect.Effect<A, SqlError | DbFailure, R>
  ) => Effect.Effect<A, DbFailure, R>
  /** Runs the statements on one connection without a transaction, for session state such as a named lock. */
  readonly session: <A>(
    operation: string,
    effect: Effect.Effect<A, SqlError | DbFailure>
  ) => Effect.Effect<A, DbFailure>
  readonly usage: Effect.Effect<PoolUsage>
}

/** Reasons that are gone within about a second, or on another connection. */
const transient: ReadonlySet<DbError["reason"]> = new Set([
  "deadlock",
  "lock_wait",
  "connection",
  "read_only",
  "too_many_connections",
  "unknown"
])

/**
 * Three retries after about 50, 100 and 200 ms, as the other writers of this database do. Jitter separates the victims of one
 * deadlock.
 */
const retryTransient = <A, R>(effect: Effect.Effect<A, DbFailure, R>): Effect.Effect<A, DbFailure, R> =>
  Effect.retry(effect, {
    schedule: Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(3))),
    while: (error) => error instanceof DbError && transient.has(error.reason)
  })

type SpanAttributes = ReadonlyArray<readonly [string, unknown]>

const transactionsOn = (acquire: MysqlDriver["acquire"], spanAttributes: SpanAttributes) => {
  const run = (statement: string) => (connection: Connection) => connection.executeUnprepared(statement, [], undefined)
  return SqlClient.makeWithTransaction({
    transactionTag: SqlClient.TransactionConnection,
    spanAttributes,
    acquireConnection: Effect.flatMap(Scope.make(), (scope) =>
      Effect.map(Scope.extend(acquire, scope), (connection) => [scope, connection] as const)
    ),
    begin: run("BEGIN"),
    commit: run("COMMIT"),
    // ROLLBACK fails only on a lost connection, which the server has rolled back. The first error is reported.
    rollback: (connection) => Effect.ignore(run("ROLLBACK")(connection)),
    savepoint: (connection, id) => run(`SAVEPOINT s${id}`)(connection),
    rollbackSavepoint: (connection, id) => run(`ROLLBACK TO SAVEPOINT s${id}`)(connection)
  })
}

/**
 * Opens a pool on first use and closes it with the scope. It uses `@effect/sql` with the MySQL compiler of
 * `@effect/sql-mysql2`, but owns the driver's pool: `MysqlClient.make` hides its pool, so connections could not be counted,
 * given session settings, or closed when a statement hangs.
 */
export const makeMysqlPool = Effect.fnUntraced(function* (name: PoolUsage["pool"], options: MysqlPoolOptions) {
  const transactionTimeout = Duration.decode(options.transactionTimeout ?? "20 seconds")
  const driver = yield* makeMysqlDriver(options)
  const spanAttributes: SpanAttributes = [
    ["db.system.name", "mysql"],
    ["db.namespace", options.database],
    ["server.address", options.host],
    ["server.port", options.port]
  ]
  const sql = yield* SqlClient.make({
    acquirer: driver.acquire,
    // `sql.insert` and `sql.update` take the fields of entities.
    compiler: MysqlClient.makeCompiler(String.camelToSnake),
    spanAttributes
  }).pipe(Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make))
  const inTransaction = transactionsOn(driver.acquire, spanAttributes)
  const self: MysqlPool = {
    sql,
    ownDatabase: options.ownDatabase,
    ownTable: (table) => sql.literal(tableName(table, options.ownDatabase)),
    query: (operation, effect) => effect.pipe(withDbErrors(operation), retryTransient),
    transaction: (operation, effect) =>
      effect.pipe(
        Effect.timeoutFail({ duration: transactionTimeout, onTimeout: () => timedOut("transaction") }),
        inTransaction,
        withDbErrors(operation),
        retryTransient
      ),
    session: (operation, effect) =>
      driver.acquire.pipe(
        Effect.flatMap((connection) =>
          Effect.provideService(effect, SqlClient.TransactionConnection, [connection, 0] as const)
        ),
        Effect.scoped,
        withDbErrors(operation),
        retryTransient
      ),
    usage: Effect.map(driver.usage, (usage) => ({ pool: name, ...usage }))
  }
  return self
})
