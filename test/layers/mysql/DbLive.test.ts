import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Either, Fiber, Layer } from "effect"
import { cuttingProxy } from "../../../dev/simulators/CuttingProxy.ts"
import { DbLive } from "../../../src/layers/mysql/DbLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { Db } from "../../../src/services/Db.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { untilIo } from "../../support/untilIo.ts"
import { poolOptions } from "./MysqlWorld.ts"

const withReplica = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) => {
    const server = poolOptions(url)
    return Layer.provideMerge(DbLive, MysqlPoolsLive({ primary: server, replica: { ...server, maxConnections: 2 } }))
  })
)

layer(withReplica, { excludeTestServices: true })("DbLive", (it) => {
  it.effect("usage tells the two pools apart", () =>
    Effect.gen(function* () {
      const { replica } = yield* MysqlPools
      yield* Effect.all([replica.sql`SELECT SLEEP(0.05)`, replica.sql`SELECT SLEEP(0.05)`], { concurrency: 2 })
      assert.deepStrictEqual(yield* (yield* Db).usage, [
        { pool: "primary", open: 1, idle: 1, waiting: 0 },
        { pool: "replica", open: 2, idle: 2, waiting: 0 }
      ])
    })
  )

  it.scoped("a flood of pings opens one connection more and leaves the workflows' pool untouched", () =>
    Effect.gen(function* () {
      const server = poolOptions(yield* freshDatabase)
      const primary = { ...server, maxConnections: 3, statementTimeout: Duration.minutes(1) }
      const context = yield* Layer.build(Layer.provideMerge(DbLive, MysqlPoolsLive({ primary })))
      const { health, primary: workflows } = Context.get(context, MysqlPools)
      const { ping } = Context.get(context, Db)
      // Workflows hold every connection of their pool.
      const held = yield* Effect.fork(
        Effect.replicateEffect(workflows.sql`SELECT SLEEP(30)`, 3, { concurrency: "unbounded" })
      )
      yield* untilIo(Effect.map(workflows.usage, ({ idle, open }) => open === 3 && idle === 0))
      yield* ping
      const flood = yield* Effect.replicateEffect(Effect.either(ping), 500, { concurrency: "unbounded" })
      assert.isAbove(flood.filter(Either.isRight).length, 0)
      assert.deepStrictEqual(yield* workflows.usage, { pool: "primary", open: 3, idle: 0, waiting: 0 })
      assert.deepStrictEqual(yield* health.usage, { pool: "health", open: 1, idle: 1, waiting: 0 })
      yield* Fiber.interrupt(held)
    })
  )

  it.scoped("a ping fails while the server cannot be reached, and succeeds once it can", () =>
    Effect.gen(function* () {
      const server = poolOptions(yield* freshDatabase)
      const proxy = yield* cuttingProxy(server)
      const primary = { ...server, host: "127.0.0.1", port: proxy.port, statementTimeout: Duration.millis(100) }
      const context = yield* Layer.build(Layer.provide(DbLive, MysqlPoolsLive({ primary })))
      const ping = Effect.flatMap(Db, (db) => db.ping).pipe(Effect.provide(context))
      yield* ping
      yield* proxy.inject("silence")
      assert.deepInclude({ ...(yield* Effect.flip(ping)) }, { operation: "Db.ping", reason: "timeout" })
      yield* proxy.inject("none")
      yield* ping
    })
  )
})
