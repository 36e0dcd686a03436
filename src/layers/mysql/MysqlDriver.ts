import { connect as connectSocket } from "node:net"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { Cause, Duration, Effect, Redacted, type Scope, Stream } from "effect"
import { createPool, type Pool, type PoolConnection } from "mysql2"
import type { PoolUsage } from "../../services/Db.ts"
import { classifySqlError, sessionAfter } from "./classifySqlError.ts"
import { rejectCleartextPassword } from "./rejectCleartextPassword.ts"

/** Address of a server and limits of one process. */
export interface MysqlPoolOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  /** Database on the same server for the tables that only this worker uses. Default: `database`. */
  readonly ownDatabase?: string | undefined
  readonly user: string
  readonly password?: Redacted.Redacted | undefined
  /** Replaces host and port. */
  readonly socketPath?: string | undefined
  /** Absent: no TLS. Checking the certificate includes the host name. */
  readonly tls?: { readonly rejectUnauthorized: boolean; readonly ca?: string | undefined } | undefined
  /** Default 25. */
  readonly maxConnections?: number | undefined
  /** Default 10. */
  readonly maxIdle?: number | undefined
  /** Callers that may wait for a connection; further callers fail at once. Default: unlimited. */
  readonly maxWaiting?: number | undefined
  /** Default 1 minute. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /**
   * Maximum age; an older connection is closed on release, so that a changed server address takes effect. Default 5 minutes.
   */
  readonly connectionLifetime?: Duration.DurationInput | undefined
  /** Timeout for opening a connection and for waiting for a free one. Default 5 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** Timeout of one statement, after which its connection is closed. Default 10 seconds. */
  readonly statementTimeout?: Duration.DurationInput | undefined
  /** From BEGIN to before COMMIT. Default 20 seconds. */
  readonly transactionTimeout?: Duration.DurationInput | undefined
}

/**
 * Session settings that make MySQL and MariaDB behave alike. READ COMMITTED: a locking read of a missing row takes no gap lock;
 * under REPEATABLE READ, gap locks deadlock inserts of neighbouring names. A lock wait is limited to 5 s, within the statement
 * timeout.
 */
const sessionSettings = [
  `SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 5`,
  "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
]

/** A local timeout; `classifySqlError` recognizes it by its cause. */
export const timedOut = (what: string) =>
  new SqlError({ cause: new Cause.TimeoutException(what), message: `${what} timed out` })

/** Ages of connections, by a monotonic clock. */
interface Ages {
  readonly opened: WeakMap<PoolConnection, number>
  readonly lifetimeMillis: number
  /** Connections opened before this lead to a server that must no longer be used. */
  retiredUntil: number
}

const agesOf = (pool: Pool, options: MysqlPoolOptions): Ages => {
  const opened = new WeakMap<PoolConnection, number>()
  pool.on("connection", (connection: PoolConnection) => opened.set(connection, performance.now()))
  return {
    opened,
    lifetimeMillis: Duration.toMillis(options.connectionLifetime ?? "5 minutes"),
    retiredUntil: Number.NEGATIVE_INFINITY
  }
}

const isRetired = ({ opened, retiredUntil }: Ages, connection: PoolConnection): boolean =>
  (opened.get(connection) ?? 0) <= retiredUntil

const isTooOld = (ages: Ages, connection: PoolConnection): boolean =>
  isRetired(ages, connection) || performance.now() - (ages.opened.get(connection) ?? 0) > ages.lifetimeMillis

/** A connection leased to one caller. */
interface Leased {
  readonly driver: PoolConnection
  readonly ages: Ages
  readonly timeout: Duration.Duration
}

/** Closes the connection if the error requires it, and with a failed server all its connections. */
const closeAfter = (cause: unknown, { ages, driver }: Leased, sentAt: number): void => {
  const session = sessionAfter(classifySqlError(cause))
  // A connection that is already closed, as for the ROLLBACK that follows, gives no new information.
  if (session === "usable" || !ages.opened.delete(driver)) return
  driver.destroy()
  if (session === "all-unusable") ages.retiredUntil = Math.max(ages.retiredUntil, sentAt)
}

/** Sends one statement. If the caller is interrupted, the connection with the pending response is closed. */
const send = (
  leased: Leased,
  method: "execute" | "query",
  statement: { readonly sql: string; readonly values: ReadonlyArray<unknown>; readonly rowsAsArray: boolean }
) =>
  Effect.async<unknown, SqlError>((resume) => {
    const { driver, timeout } = leased
    const sentAt = performance.now()
    // Node's timer, not Effect's Clock: COMMIT and ROLLBACK are uninterruptible and must still be bounded.
    const timer = setTimeout(() => {
      driver.destroy()
      resume(Effect.fail(timedOut("statement")))
    }, Duration.toMillis(timeout))
    driver[method]({ ...statement, values: [...statement.values] }, (cause, result) => {
      clearTimeout(timer)
      if (cause === null) return resume(Effect.succeed(result))
      closeAfter(cause, leased, sentAt)
      resume(Effect.fail(new SqlError({ cause, message: "statement failed" })))
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      driver.destroy()
    })
  })

const makeConnection = (leased: Leased): Connection => {
  type Transform = Parameters<Connection["execute"]>[2]
  const rows = (method: "execute" | "query", sql: string, values: ReadonlyArray<unknown>, rowsAsArray: boolean) =>
    Effect.map(send(leased, method, { sql, values, rowsAsArray }), (result) => (Array.isArray(result) ? result : []))
  const transformed = (transform: Transform) => (result: ReadonlyArray<object>) => transform?.(result) ?? result
  return {
    execute: (sql, values, transform) => Effect.map(rows("execute", sql, values, false), transformed(transform)),
    executeRaw: (sql, values) => send(leased, "execute", { sql, values, rowsAsArray: false }),
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

const sslOf = ({ tls }: MysqlPoolOptions) =>
  tls === undefined
    ? {}
    : {
        ssl: {
          rejectUnauthorized: tls.rejectUnauthorized,
          verifyIdentity: tls.rejectUnauthorized,
          ...(tls.ca === undefined ? {} : { ca: tls.ca })
        },
        ...(tls.rejectUnauthorized ? {} : { authPlugins: rejectCleartextPassword })
      }

/** A custom socket, because only its close event shows a lost connection. Keepalive detects a silent peer within 20 s. */
const openSocket = ({ host, port, socketPath }: MysqlPoolOptions, gauge: Gauge) => {
  const socket =
    socketPath === undefined
      ? connectSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 })
      : connectSocket(socketPath)
  gauge.open += 1
  // If a socket ends during a statement, MySQL returns an error that the driver would write to stderr.
  socket.once("finish", () => socket.destroy())
  return socket.once("close", () => {
    gauge.open -= 1
  })
}

const openPool = (options: MysqlPoolOptions, gauge: Gauge): Pool => {
  const pool = createPool({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    ...(options.password === undefined ? {} : { password: Redacted.value(options.password) }),
    ...sslOf(options),
    stream: () => openSocket(options, gauge),
    connectionLimit: options.maxConnections ?? 25,
    maxIdle: options.maxIdle ?? 10,
    // 0 is unlimited.
    queueLimit: options.maxWaiting ?? 0,
    idleTimeout: Duration.toMillis(options.idleTimeout ?? "1 minute"),
    connectTimeout: Duration.toMillis(options.connectTimeout ?? "5 seconds"),
    // Without FOUND_ROWS the count of affected rows excludes unchanged rows; IGNORE_SPACE would change the session's sql_mode.
    flags: ["-FOUND_ROWS", "-IGNORE_SPACE"],
    // Always strings: a 64-bit number must keep its type and value beyond 2^53.
    supportBigNumbers: true,
    bigNumberStrings: true,
    timezone: "Z",
    // IN lists of different lengths are different statements, and the server limits their number over all connections.
    maxPreparedStatements: 200
  })
  pool.on("connection", (connection: PoolConnection) => {
    connection.on("error", () => {}) // the waiting statement gets the error; an idle connection just leaves the pool
    for (const statement of sessionSettings) connection.query(statement, (error) => error && connection.destroy())
  })
  return pool
}

const acquireFrom = (pool: Pool, ages: Ages, gauge: Gauge, timeout: Duration.Duration) =>
  Effect.acquireRelease(
    // Uninterruptible, so bounded by a timer; a connection that arrives too late is released at once.
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
      const take = () =>
        pool.getConnection((cause, connection) => {
          if (cause !== null) return done(Effect.fail(new SqlError({ cause, message: "no connection" })))
          if (!expected) return connection.release()
          if (isRetired(ages, connection)) {
            connection.destroy()
            return take()
          }
          gauge.used += 1
          done(Effect.succeed(connection))
        })
      take()
    }),
    (connection) =>
      Effect.sync(() => {
        gauge.used -= 1
        if (isTooOld(ages, connection)) connection.destroy()
        else connection.release()
      })
  )

const closePool = (pool: Pool) =>
  Effect.async<void>((resume) => {
    // A server that does not respond to QUIT must not block shutdown.
    const timer = setTimeout(() => resume(Effect.void), 2_000)
    pool.end(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
  })

/** The driver's pool for `@effect/sql`: one connection per scope, with bounded statements and usage counts. */
export interface MysqlDriver {
  readonly acquire: Effect.Effect<Connection, SqlError, Scope.Scope>
  readonly usage: Effect.Effect<Omit<PoolUsage, "pool">>
}

/** Opens connections on demand and closes them with the scope. */
export const makeMysqlDriver = Effect.fnUntraced(function* (options: MysqlPoolOptions) {
  const gauge: Gauge = { open: 0, used: 0, waiting: 0 }
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => openPool(options, gauge)),
    closePool
  )
  const ages = agesOf(pool, options)
  const statementTimeout = Duration.decode(options.statementTimeout ?? "10 seconds")
  const self: MysqlDriver = {
    acquire: Effect.map(
      acquireFrom(pool, ages, gauge, Duration.decode(options.connectTimeout ?? "5 seconds")),
      (driver) => makeConnection({ driver, ages, timeout: statementTimeout })
    ),
    usage: Effect.sync(() => ({
      open: gauge.open,
      idle: Math.max(0, gauge.open - gauge.used),
      waiting: gauge.waiting
    }))
  }
  return self
})
