import { connect as connectSocket } from "node:net"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { Cause, Duration, Effect, Redacted, Schedule, Scope, Stream } from "effect"
import { createPool, type Pool, type PoolConnection } from "mysql2"
import type { DbError, PoolUsage } from "../../services/Db.ts"
import { classifySqlError } from "./classifySqlError.ts"
import { withDbErrors } from "./withDbErrors.ts"

/** Where a server is and how much of it one process may take. */
export interface MysqlPoolOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: Redacted.Redacted | undefined
  /** Used instead of host and port. */
  readonly socketPath?: string | undefined
  /** Absent: no encryption. The host name is checked whenever the certificate is. */
  readonly tls?: { readonly rejectUnauthorized: boolean; readonly ca?: string | undefined } | undefined
  /** Default 25. */
  readonly maxConnections?: number | undefined
  /** Default 10. */
  readonly maxIdle?: number | undefined
  /** Default 1 minute. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /** To open a connection, and to wait for a free one. Default 5 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** Of one statement; the connection is closed when it passes. Default 10 seconds. */
  readonly statementTimeout?: Duration.DurationInput | undefined
  /** From BEGIN to before COMMIT. Default 20 seconds. */
  readonly transactionTimeout?: Duration.DurationInput | undefined
}

/** A bounded set of connections to one server. */
export interface MysqlPool {
  readonly sql: SqlClient.SqlClient
  /** Runs statements that change nothing. Repeated when the server was unreachable. */
  readonly query: <A, R>(
    operation: string,
    effect: Effect.Effect<A, SqlError | DbError, R>
  ) => Effect.Effect<A, DbError, R>
  /**
   * Runs the statements in one transaction. It is repeated as a whole after a deadlock, a lock wait, a lost connection or
   * a full server, and a lost COMMIT may have been written: every transaction must be safe to repeat.
   */
  readonly transaction: <A, R>(
    operation: string,
    effect: Effect.Effect<A, SqlError | DbError, R>
  ) => Effect.Effect<A, DbError, R>
  /** Runs the statements on one connection without a transaction, for what belongs to a connection, such as a named lock. */
  readonly session: <A>(operation: string, effect: Effect.Effect<A, SqlError | DbError>) => Effect.Effect<A, DbError>
  readonly usage: Effect.Effect<PoolUsage>
}

/** Reasons that pass within a second or so. Duplicate keys and constraints would only fail again. */
const passing: ReadonlySet<DbError["reason"]> = new Set(["deadlock", "lock_wait", "connection", "too_many_connections"])

/** Three repeats after about 50, 100 and 200 ms, as the other writers of this database do. Jitter parts two losers of one deadlock. */
const retryPassing = <A, R>(effect: Effect.Effect<A, DbError, R>): Effect.Effect<A, DbError, R> =>
  Effect.retry(effect, {
    schedule: Schedule.exponential("50 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(3))),
    while: (error) => passing.has(error.reason)
  })

/**
 * Settings every connection starts with, so that MySQL and MariaDB behave alike. READ COMMITTED: a locking read of a row
 * that does not exist takes no gap lock, which under REPEATABLE READ deadlocks two inserts of neighbouring names. A lock
 * is waited for 5 s, well within one statement's timeout.
 */
const sessionSettings = [
  `SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 5`,
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
]

const timedOut = (what: string) =>
  new SqlError({ cause: new Cause.TimeoutException(what), message: `${what} timed out` })

/** Sends one statement. When nobody waits for its answer any more, the connection that would get it is closed. */
const send = (
  driver: PoolConnection,
  method: "execute" | "query",
  statement: { readonly sql: string; readonly values: ReadonlyArray<unknown>; readonly rowsAsArray: boolean },
  timeout: Duration.Duration
) =>
  Effect.async<unknown, SqlError>((resume) => {
    // A timer of Node, not of the Clock: COMMIT and ROLLBACK cannot be interrupted and must be bounded all the same.
    const timer = setTimeout(() => {
      driver.destroy()
      resume(Effect.fail(timedOut("statement")))
    }, Duration.toMillis(timeout))
    driver[method]({ ...statement, values: [...statement.values] }, (cause, result) => {
      clearTimeout(timer)
      if (cause === null) return resume(Effect.succeed(result))
      // After a failover the new primary is behind a new connection.
      if (classifySqlError(cause).reason === "read_only") driver.destroy()
      resume(Effect.fail(new SqlError({ cause, message: "statement failed" })))
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      driver.destroy()
    })
  })

const makeConnection = (driver: PoolConnection, timeout: Duration.Duration): Connection => {
  type Transform = Parameters<Connection["execute"]>[2]
  const rows = (method: "execute" | "query", sql: string, values: ReadonlyArray<unknown>, rowsAsArray: boolean) =>
    Effect.map(send(driver, method, { sql, values, rowsAsArray }, timeout), (result) =>
      Array.isArray(result) ? result : []
    )
  const transformed = (transform: Transform) => (result: ReadonlyArray<object>) => transform?.(result) ?? result
  return {
    execute: (sql, values, transform) => Effect.map(rows("execute", sql, values, false), transformed(transform)),
    executeRaw: (sql, values) => send(driver, "execute", { sql, values, rowsAsArray: false }, timeout),
    executeValues: (sql, values) => rows("execute", sql, values, true),
    executeUnprepared: (sql, values, transform) =>
      Effect.map(rows("query", sql, values, false), transformed(transform)),
    executeStream: () => Stream.die("streaming is not supported: page instead")
  }
}

interface Gauge {
  open: number
  used: number
  waiting: number
}

const openPool = (options: MysqlPoolOptions, gauge: Gauge): Pool => {
  const pool = createPool({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    ...(options.password === undefined ? {} : { password: Redacted.value(options.password) }),
    ...(options.tls === undefined
      ? {}
      : {
          ssl: {
            rejectUnauthorized: options.tls.rejectUnauthorized,
            verifyIdentity: options.tls.rejectUnauthorized,
            ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca })
          }
        }),
    // Our own socket, because only its end tells that a connection is gone. A silent peer is noticed within 20 s.
    stream: () => {
      const socket =
        options.socketPath === undefined
          ? connectSocket({
              host: options.host,
              port: options.port,
              noDelay: true,
              keepAlive: true,
              keepAliveInitialDelay: 10_000
            })
          : connectSocket(options.socketPath)
      gauge.open += 1
      return socket.once("close", () => {
        gauge.open -= 1
      })
    },
    connectionLimit: options.maxConnections ?? 25,
    maxIdle: options.maxIdle ?? 10,
    idleTimeout: Duration.toMillis(options.idleTimeout ?? "1 minute"),
    connectTimeout: Duration.toMillis(options.connectTimeout ?? "5 seconds"),
    // Without these two the number of affected rows counts matched rows, and IGNORE_SPACE joins the session's sql_mode.
    flags: ["-FOUND_ROWS", "-IGNORE_SPACE"],
    // Always strings: a 64-bit number must not change its type, or its value, once it grows past 2^53.
    supportBigNumbers: true,
    bigNumberStrings: true,
    timezone: "Z",
    // IN lists of many lengths make many statements, and the server counts them over all connections.
    maxPreparedStatements: 200
  })
  pool.on("connection", (connection: PoolConnection) => {
    connection.on("error", () => {}) // told to the waiting statement; an idle connection just leaves the pool
    for (const statement of sessionSettings) connection.query(statement, (error) => error && connection.destroy())
  })
  return pool
}

const acquireFrom = (pool: Pool, gauge: Gauge, timeout: Duration.Duration) =>
  Effect.acquireRelease(
    // Not interruptible, so bounded by a timer here; a connection that comes too late goes straight back.
    Effect.async<PoolConnection, SqlError>((resume) => {
      let expected = true
      const done = (result: Effect.Effect<PoolConnection, SqlError>) => {
        if (!expected) return
        expected = false
        gauge.waiting -= 1
        clearTimeout(timer)
        resume(result)
      }
      gauge.waiting += 1
      const timer = setTimeout(() => done(Effect.fail(timedOut("acquiring a connection"))), Duration.toMillis(timeout))
      pool.getConnection((cause, connection) => {
        if (cause !== null) return done(Effect.fail(new SqlError({ cause, message: "no connection" })))
        if (!expected) return connection.release()
        gauge.used += 1
        done(Effect.succeed(connection))
      })
    }),
    (connection) =>
      Effect.sync(() => {
        gauge.used -= 1
        connection.release()
      })
  )

const closePool = (pool: Pool) =>
  Effect.async<void>((resume) => {
    // A server that does not answer a goodbye must not hold up shutdown.
    const timer = setTimeout(() => resume(Effect.void), 2_000)
    pool.end(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
  })

/**
 * Opens a pool on first use and closes it with the scope. It speaks `@effect/sql` with the MySQL compiler of
 * `@effect/sql-mysql2`, but owns the driver's pool: `MysqlClient.make` hides its own, which then can neither be counted,
 * nor given session settings, nor relieved of a statement that never answers.
 */
export const makeMysqlPool = Effect.fnUntraced(function* (name: PoolUsage["pool"], options: MysqlPoolOptions) {
  const statementTimeout = Duration.decode(options.statementTimeout ?? "10 seconds")
  const transactionTimeout = Duration.decode(options.transactionTimeout ?? "20 seconds")
  const gauge: Gauge = { open: 0, used: 0, waiting: 0 }
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => openPool(options, gauge)),
    closePool
  )
  const acquirer = Effect.map(
    acquireFrom(pool, gauge, Duration.decode(options.connectTimeout ?? "5 seconds")),
    (driver) => makeConnection(driver, statementTimeout)
  )
  const spanAttributes: ReadonlyArray<readonly [string, unknown]> = [
    ["db.system.name", "mysql"],
    ["db.namespace", options.database],
    ["server.address", options.host],
    ["server.port", options.port]
  ]
  const sql = yield* SqlClient.make({ acquirer, compiler: MysqlClient.makeCompiler(), spanAttributes }).pipe(
    Effect.provideServiceEffect(Reactivity.Reactivity, Reactivity.make)
  )
  const run = (statement: string) => (connection: Connection) => connection.executeUnprepared(statement, [], undefined)
  const inTransaction = SqlClient.makeWithTransaction({
    transactionTag: SqlClient.TransactionConnection,
    spanAttributes,
    acquireConnection: Effect.flatMap(Scope.make(), (scope) =>
      Effect.map(Scope.extend(acquirer, scope), (connection) => [scope, connection] as const)
    ),
    begin: run("BEGIN"),
    commit: run("COMMIT"),
    // It fails only on a connection that is gone, and the server has rolled that back. The first error is the one to report.
    rollback: (connection) => Effect.ignore(run("ROLLBACK")(connection)),
    savepoint: (connection, id) => run(`SAVEPOINT s${id}`)(connection),
    rollbackSavepoint: (connection, id) => run(`ROLLBACK TO SAVEPOINT s${id}`)(connection)
  })
  const self: MysqlPool = {
    sql,
    query: (operation, effect) => effect.pipe(withDbErrors(operation), retryPassing),
    transaction: (operation, effect) =>
      effect.pipe(
        Effect.timeoutFail({ duration: transactionTimeout, onTimeout: () => timedOut("transaction") }),
        inTransaction,
        withDbErrors(operation),
        retryPassing
      ),
    session: (operation, effect) =>
      acquirer.pipe(
        Effect.flatMap((connection) =>
          Effect.provideService(effect, SqlClient.TransactionConnection, [connection, 0] as const)
        ),
        Effect.scoped,
        withDbErrors(operation),
        retryPassing
      ),
    usage: Effect.sync(() => ({
      pool: name,
      open: gauge.open,
      idle: Math.max(0, gauge.open - gauge.used),
      waiting: gauge.waiting
    }))
  }
  return self
})
