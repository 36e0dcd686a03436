import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { type MysqlPools, MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate, migrateForward, requireMigrated } from "../../src/migrations/migrate.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const columns = `SELECT table_name AS t, column_name AS c FROM information_schema.columns
  WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`

const pk = "pk bigint unsigned AUTO_INCREMENT PRIMARY KEY"
const laterSchemas = [
  { what: "table apps", statement: `CREATE TABLE apps (${pk}, id varchar(64) NOT NULL)` },
  { what: "table deployment_changes", statement: `CREATE TABLE deployment_changes (${pk})` },
  {
    what: "column deployments.app_id",
    statement: `CREATE TABLE deployments (${pk}, id varchar(128) NOT NULL, app_id varchar(64) NOT NULL)`
  }
]
const ways: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string; readonly message: string }, MysqlPools>> = [
  migrate,
  requireMigrated,
  migrateForward
]

describe("a database of a later version of Unkey", () => {
  for (const { statement, what } of laterSchemas) {
    it.live(`is refused by each way to migrate or start, and stays as it is: ${what}`, () =>
      Effect.gen(function* () {
        const database = yield* freshDatabase
        yield* queryServer(database, statement)
        const before = yield* queryServer(database, columns)
        for (const way of ways) {
          const refused = yield* Effect.provide(Effect.flip(way), MysqlPoolsLive({ primary: poolOptions(database) }))
          assert.strictEqual(refused._tag, "SchemaNotServed")
          assert.include(refused.message, what)
          assert.include(refused.message, "v2.0.83 to v2.0.87")
        }
        assert.deepStrictEqual(yield* queryServer(database, columns), before)
      }).pipe(Effect.scoped)
    )
  }

  it.live("is refused after the worker has served it, too: an upgrade of Unkey ends what is served", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const pools = MysqlPoolsLive({ primary: poolOptions(database) })
      yield* Effect.provide(quietly(migrate), pools)
      yield* queryServer(database, `CREATE TABLE apps (${pk})`)
      const refused = yield* Effect.flip(Effect.provide(migrate, pools))
      assert.strictEqual(refused._tag, "SchemaNotServed")
    }).pipe(Effect.scoped)
  )
})
