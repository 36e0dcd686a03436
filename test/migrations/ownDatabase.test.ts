import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { databaseServers } from "../../src/composition/database.ts"
import { loadWorkerConfig } from "../../src/config.ts"
import { BacklogLive } from "../../src/layers/mysql/BacklogLive.ts"
import { BuildLedgerLive } from "../../src/layers/mysql/BuildLedgerLive.ts"
import { MysqlPools, MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate, migrateForward, schemaState } from "../../src/migrations/migrate.ts"
import { migrations } from "../../src/migrations/migrations.ts"
import { Backlog } from "../../src/operations/Backlog.ts"
import { BuildLedger } from "../../src/services/builds/BuildLedger.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { buildLedgerContract } from "../services/BuildLedger.contract.ts"
import { type Account, accountOf } from "../support/stack/Account.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const allIds = migrations.map(({ id }) => id)
const databaseName = (url: string) => new URL(url).pathname.slice(1)
const pools = (shared: string, own: string) =>
  MysqlPoolsLive({ primary: { ...poolOptions(shared), ownDatabase: databaseName(own) } })

const twoDatabases = Effect.all({ shared: freshDatabase, own: freshDatabase })
/** The account's privileges on both. */
const accountOn = ({ own, shared }: { readonly own: string; readonly shared: string }, account: Account) =>
  accountOf(shared, account, [own])

const tablesIn = (url: string) =>
  Effect.map(
    queryServer(url, "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()"),
    (rows) => rows.map(({ name }) => String(name)).toSorted()
  )
const ours = ["control_plane_migrations", "ctrl_worker_builds", "ctrl_worker_regions"]

const ownDatabaseOf = (name: string | undefined) =>
  loadWorkerConfig([]).pipe(
    Effect.map((config) => databaseServers(config).primary.ownDatabase),
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(
        new Map([
          ["WORKER_DATABASE_PRIMARY", "mysql://app:pw@127.0.0.1/unkey"],
          ...(name === undefined ? [] : ([["WORKER_DATABASE_OWN_DATABASE", name]] as const))
        ]),
        { pathDelim: "_" }
      )
    )
  )

describe("database.own_database", () => {
  it.effect("names the database of the worker's own tables; absent or the name of the shared one, they are there", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ownDatabaseOf("ctrl-worker"), "ctrl-worker")
      assert.isUndefined(yield* ownDatabaseOf(undefined))
      assert.isUndefined(yield* ownDatabaseOf("unkey"))
      const refused = yield* Effect.flip(ownDatabaseOf("a`b"))
      assert.deepStrictEqual(
        refused.problems.map(({ setting }) => setting),
        ["database.own_database (WORKER_DATABASE_OWN_DATABASE)"]
      )
    })
  )
})

describe("a database of their own for the tables of this worker alone", () => {
  it.live("holds them, and that of Unkey's tables has none of them; the documented grants on both are enough", () =>
    Effect.gen(function* () {
      const both = yield* twoDatabases
      const migrating = pools(yield* accountOn(both, "control_plane_migrate"), both.own)
      assert.deepStrictEqual((yield* Effect.provide(quietly(migrate), migrating)).applied, allIds)
      assert.deepStrictEqual(yield* tablesIn(both.own), ours)
      const shared = yield* tablesIn(both.shared)
      assert.include(shared, "deployments")
      assert.notIncludeMembers(shared, ours)
      const serving = pools(yield* accountOn(both, "control_plane"), both.own)
      assert.deepStrictEqual(yield* Effect.provide(migrate, serving), { applied: [], present: allIds })
      const builds = Effect.flatMap(Backlog, (backlog) => backlog.builds)
      const backlog = yield* Effect.provide(builds, Layer.provide(BacklogLive, serving))
      assert.strictEqual(backlog.running, 0)
    }).pipe(Effect.scoped)
  )

  it.live("gets back an index that was dropped there", () =>
    Effect.gen(function* () {
      const both = yield* twoDatabases
      const missing = Effect.flatMap(MysqlPools, ({ primary }) =>
        Effect.map(schemaState(primary), ({ missingIndexes }) => missingIndexes.map(({ name }) => name))
      )
      const index = "ctrl_worker_builds_lease_until_idx"
      yield* Effect.gen(function* () {
        yield* quietly(migrate)
        assert.deepStrictEqual(yield* missing, [])
        yield* queryServer(both.own, `DROP INDEX ${index} ON ctrl_worker_builds`)
        assert.deepStrictEqual(yield* missing, [index])
        assert.deepStrictEqual((yield* quietly(migrateForward)).restored, [index])
        assert.deepStrictEqual(yield* missing, [])
      }).pipe(Effect.provide(pools(both.shared, both.own)))
    }).pipe(Effect.scoped)
  )

  it.live("takes them over with their rows when they are moved there by RENAME TABLE", () =>
    Effect.gen(function* () {
      const both = yield* twoDatabases
      const before = MysqlPoolsLive({ primary: poolOptions(both.shared) })
      yield* Effect.provide(quietly(migrate), before)
      const cancel = Effect.flatMap(BuildLedger, (builds) => builds.requestCancel("build-1"))
      yield* Effect.provide(cancel, Layer.provide(BuildLedgerLive, before))
      const own = databaseName(both.own)
      for (const table of ours) yield* queryServer(both.shared, `RENAME TABLE ${table} TO \`${own}\`.${table}`)
      const after = pools(both.shared, both.own)
      assert.deepStrictEqual(yield* Effect.provide(migrate, after), { applied: [], present: allIds })
      assert.deepStrictEqual(yield* tablesIn(both.own), ours)
      const rows = yield* queryServer(both.own, "SELECT build_id AS id FROM ctrl_worker_builds")
      assert.deepStrictEqual(
        rows.map(({ id }) => id),
        ["build-1"]
      )
    }).pipe(Effect.scoped)
  )
})

const ownWorld = Layer.unwrapScoped(
  Effect.map(twoDatabases, ({ own, shared }) => {
    const migrated = Layer.tap(pools(shared, own), (built) => Effect.provide(quietly(migrate), built))
    return Layer.provide(BuildLedgerLive, migrated)
  })
)
buildLedgerContract("MySQL, in a database of its own", ownWorld)
