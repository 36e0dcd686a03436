import { Effect, Layer } from "effect"
import { Db } from "../../services/Db.ts"
import { MysqlPools, ping } from "./MysqlPools.ts"

export const DbLive: Layer.Layer<Db, never, MysqlPools> = Layer.effect(
  Db,
  Effect.map(MysqlPools, ({ all, health }) =>
    Db.of({
      ping: ping(health).pipe(Effect.withSpan("Db.ping")),
      usage: Effect.forEach(all, (pool) => pool.usage)
    })
  )
)
