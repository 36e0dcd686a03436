import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { DbError, type DbFailure } from "../../services/Db.ts"
import type { MysqlPoolOptions } from "./MysqlDriver.ts"
import { type MysqlPool, makeMysqlPool } from "./MysqlPool.ts"

export interface MysqlPoolsOptions {
  readonly primary: MysqlPoolOptions
  readonly replica?: MysqlPoolOptions | undefined
}

/**
 * The pools the stores share. Reads that decide a write go to the primary; `replica` is the primary when there is none.
 * `health` is one more connection to the primary, for probes alone: they take none from the workflows, and are answered also
 * while the workflows use all of theirs. `all` is what has a gauge, without `health`.
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

/** Below the 500 ms that a probe gives its checks: nothing is left behind that still waits. */
const healthTimeout = Duration.millis(400)

/** A probe asks once a second at most; a second caller may wait, a third is refused. */
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

/** Five attempts with 1, 2, 3 and 4 s between them: enough for a database that starts together with the worker. */
const untilReachable = (pool: MysqlPool) =>
  ping(pool).pipe(
    Effect.timeoutFail({
      duration: "5 seconds",
      onTimeout: () => new DbError({ operation: "Db.ping", reason: "timeout" })
    }),
    Effect.retry(Schedule.linear("1 second").pipe(Schedule.intersect(Schedule.recurs(4))))
  )

/** Opens the pools, fails when a server does not answer within five attempts, and closes them with the scope. */
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
