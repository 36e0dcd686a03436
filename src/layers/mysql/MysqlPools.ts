import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { DbError, type DbFailure } from "../../services/Db.ts"
import { databaseProblemOf, isFinal } from "./loginRefusals.ts"
import type { MysqlPoolOptions } from "./MysqlDriver.ts"
import { type MysqlPool, makeMysqlPool } from "./MysqlPool.ts"

export interface MysqlPoolsOptions {
  readonly primary: MysqlPoolOptions
  readonly replica?: MysqlPoolOptions | undefined
}

/**
 * The pools that all stores share. Reads that decide a write use the primary; `replica` is the primary if none is configured.
 * `health` is one extra connection to the primary for probes: it takes none from the workflows and works while they use all of
 * theirs. `all` lists the pools with metrics, without `health`.
 */
export class MysqlPools extends Context.Tag("ctrl-worker/MysqlPools")<
  MysqlPools,
  {
    readonly primary: MysqlPool
    readonly replica: MysqlPool
    readonly health: MysqlPool
    readonly all: ReadonlyArray<MysqlPool>
  }
>() {}

/** Below a health check's timeout of 500 ms, so that no check is abandoned. */
const healthTimeout = Duration.millis(400)

/** A probe runs at most once a second; a second caller may wait, a third fails. */
const forHealth = (primary: MysqlPoolOptions): MysqlPoolOptions => ({
  ...primary,
  maxConnections: 1,
  maxIdle: 1,
  maxWaiting: 1,
  connectTimeout: healthTimeout,
  statementTimeout: healthTimeout
})

/** One round trip. */
export const ping = (pool: MysqlPool): Effect.Effect<void, DbFailure> =>
  Effect.asVoid(pool.query("Db.ping", pool.sql`SELECT 1`))

/**
 * Five attempts with 1, 2, 3 and 4 s in between: enough for a database that starts together with the worker. A refused login fails
 * at once.
 */
const untilReachable = (pool: MysqlPool) =>
  ping(pool).pipe(
    Effect.timeoutFail({
      duration: "5 seconds",
      onTimeout: () => new DbError({ operation: "Db.ping", reason: "timeout" })
    }),
    Effect.tapError((error) =>
      Effect.unless(
        Effect.logWarning("The database does not answer yet", { problem: databaseProblemOf(error) ?? error.message }),
        () => isFinal(error)
      )
    ),
    Effect.retry({
      schedule: Schedule.linear("1 second").pipe(Schedule.intersect(Schedule.recurs(4))),
      while: (error) => !isFinal(error)
    })
  )

/** Opens the pools, fails if a server is unreachable in five attempts, and closes them with the scope. */
export const MysqlPoolsLive = (options: MysqlPoolsOptions): Layer.Layer<MysqlPools, DbFailure> =>
  Layer.scoped(
    MysqlPools,
    Effect.gen(function* () {
      const primary = yield* makeMysqlPool("primary", options.primary)
      const replica = options.replica === undefined ? primary : yield* makeMysqlPool("replica", options.replica)
      const health = yield* makeMysqlPool("health", forHealth(options.primary))
      const all = replica === primary ? [primary] : [primary, replica]
      yield* Effect.forEach(all, untilReachable, { concurrency: "unbounded", discard: true })
      return MysqlPools.of({ primary, replica, health, all })
    })
  )

/** One small pool to the primary, opened on its first use: for commands that report a database that does not answer. */
export const MysqlPoolOnDemand = (primary: MysqlPoolOptions): Layer.Layer<MysqlPools> =>
  Layer.scoped(
    MysqlPools,
    Effect.map(makeMysqlPool("primary", { ...primary, maxConnections: 2 }), (pool) =>
      MysqlPools.of({ primary: pool, replica: pool, health: pool, all: [pool] })
    )
  )
