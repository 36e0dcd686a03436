import { Effect, Layer, Redacted } from "effect"
import { MysqlPoolsLive } from "../src/layers/mysql/MysqlPools.ts"
import { migrate } from "../src/migrations/migrate.ts"

/** Pools on the database at a `mysql://` address, with the worker's tables and indexes. */
export const migratedPools = (dsn: string) => {
  const { hostname, password, pathname, port, username } = new URL(dsn)
  const primary = {
    host: hostname,
    port: Number(port),
    user: username,
    password: Redacted.make(decodeURIComponent(password)),
    database: pathname.slice(1)
  }
  return Layer.tap(MysqlPoolsLive({ primary }), (pools) => Effect.provide(migrate, pools))
}
