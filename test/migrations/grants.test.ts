import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate, migrateForward, requireMigrated } from "../../src/migrations/migrate.ts"
import { migrations } from "../../src/migrations/migrations.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { accountOf } from "../support/stack/Account.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const allIds = migrations.map(({ id }) => id)
const tables = "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()"
const pools = (url: string) => MysqlPoolsLive({ primary: poolOptions(url) })

describe("the grants of docs/operating.md", () => {
  it.live("for migrations create the whole schema, at a start and by hand, and are enough to start again", () =>
    Effect.gen(function* () {
      for (const run of [migrate, migrateForward]) {
        const account = pools(yield* accountOf(yield* freshDatabase, "control_plane_migrate"))
        assert.deepStrictEqual((yield* Effect.provide(quietly(run), account)).applied, allIds)
        assert.deepStrictEqual((yield* Effect.provide(quietly(run), account)).present, allIds)
      }
    }).pipe(Effect.scoped)
  )

  it.live("for serving start in either mode where nothing is pending, and run no DDL", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* Effect.provide(quietly(migrate), pools(database))
      const account = pools(yield* accountOf(database, "control_plane"))
      const expected = { applied: [], present: allIds }
      assert.deepStrictEqual(yield* Effect.provide(migrate, account), expected)
      assert.deepStrictEqual(yield* Effect.provide(requireMigrated, account), expected)
      assert.deepStrictEqual(yield* Effect.provide(migrateForward, account), { ...expected, restored: [] })
    }).pipe(Effect.scoped)
  )

  it.live("for serving are refused by the server where something is pending, and nothing is written", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const account = pools(yield* accountOf(database, "control_plane"))
      const denied = yield* Effect.flip(Effect.provide(migrate, account))
      assert.deepInclude(denied, { _tag: "DbRefused", reason: "denied" })
      assert.strictEqual((yield* queryServer(database, tables))[0]?.n, 0)
    }).pipe(Effect.scoped)
  )
})

describe("a start with database.migrate off", () => {
  it.live("fails where a migration is pending, names it, and changes nothing though its account could", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const empty = yield* Effect.flip(Effect.provide(requireMigrated, pools(database)))
      assert.strictEqual(empty._tag, "SchemaPending")
      assert.strictEqual((yield* queryServer(database, tables))[0]?.n, 0)
      yield* Effect.provide(quietly(migrate), pools(database))
      yield* queryServer(database, "DELETE FROM control_plane_migrations WHERE id = 3")
      const refused = yield* Effect.flip(Effect.provide(requireMigrated, pools(database)))
      assert.include(refused.message, '3 "build ledger"')
      assert.include(refused.message, "migrate --apply")
    }).pipe(Effect.scoped)
  )
})
