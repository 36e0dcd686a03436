import { Context, Effect, Layer, Schedule } from "effect"
import { DbError, type DbFailure } from "../../services/Db.ts"
import type { MysqlPoolOptions } from "./MysqlDriver.ts"
import { type MysqlPool, makeMysqlPool } from "./MysqlPool.ts"

export interface MysqlPoolsOptions {
  readonly primary: MysqlPoolOptions
  readonly replica?: MysqlPoolOptions | undefined
}

/** The pools the stores share. Reads that decide a write go to the primary; `replica` is the primary when there is none. */
export class MysqlPools extends Context.Tag("ctrl-worker/MysqlPools")<
  MysqlPools,
  { readonly primary: MysqlPool; readonly replica: MysqlPool; readonly all: ReadonlyArray<MysqlPool> }
>() {}

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
      const all = replica === primary ? [primary] : [primary, replica]
      yield* Effect.forEach(all, untilReachable, { concurrency: "unbounded", discard: true })
      return MysqlPools.of({ primary, replica, all })
    })
  )
