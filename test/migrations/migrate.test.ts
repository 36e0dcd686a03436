import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { MysqlPools, MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate as loudMigrate } from "../../src/migrations/migrate.ts"
import { migrations } from "../../src/migrations/migrations.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { freshDatabase } from "../support/stack/Database.ts"

const emptyDatabase = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) => MysqlPoolsLive({ primary: poolOptions(url) }))
)
const migrate = quietly(loudMigrate)
const allIds = migrations.map((migration) => migration.id)

const columnsOfAllTables = Effect.flatMap(MysqlPools, ({ primary: { sql } }) =>
  Effect.map(
    sql<{ t: string; c: string; type: string; collation: string | null }>`
      SELECT table_name AS t, column_name AS c, column_type AS type, collation_name AS collation
      FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
    (rows) => rows.map(({ t, c, type, collation }) => `${t}.${c} ${type} ${collation}`)
  )
)

/** Three tables of the Go worker's database: with another collation, and a column of a later version. */
const existing = [
  `CREATE TABLE projects (pk bigint unsigned AUTO_INCREMENT PRIMARY KEY, id varchar(64) NOT NULL UNIQUE,
    workspace_id varchar(256) NOT NULL, name varchar(256) NOT NULL, slug varchar(256) NOT NULL,
    live_deployment_id varchar(256), is_rolled_back boolean NOT NULL DEFAULT false, default_branch varchar(256) DEFAULT 'main',
    depot_project_id varchar(255), delete_protection boolean DEFAULT false, created_at bigint NOT NULL, updated_at bigint,
    added_later varchar(32) DEFAULT 'kept', UNIQUE (workspace_id, slug)) CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  "INSERT INTO projects (id, workspace_id, name, slug, created_at) VALUES ('proj_1', 'ws_1', 'Shop', 'shop', 1)"
]

describe("migrate", () => {
  it.live("creates every table on an empty database, and a second run changes nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* migrate, { applied: allIds, present: [] })
      const columns = yield* columnsOfAllTables
      assert.strictEqual(new Set(columns.map((column) => column.split(".")[0])).size, 27)
      assert.deepStrictEqual(yield* migrate, { applied: [], present: allIds })
      assert.deepStrictEqual(yield* columnsOfAllTables, columns)
    }).pipe(Effect.provide(emptyDatabase))
  )

  it.live("leaves the schema of a newer worker as it is, so that an older one can come back", () =>
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      yield* migrate
      yield* sql`INSERT INTO control_plane_migrations (id, name) VALUES (9999, 'of a newer worker')`
      yield* sql.unsafe("ALTER TABLE projects ADD COLUMN of_a_newer_worker varchar(32)").unprepared
      const columns = yield* columnsOfAllTables
      assert.deepStrictEqual(yield* migrate, { applied: [], present: [...allIds, 9999] })
      assert.deepStrictEqual(yield* columnsOfAllTables, columns)
    }).pipe(Effect.provide(emptyDatabase))
  )

  it.live("adds what is missing to a database in use, and keeps its rows, columns and collations", () =>
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      yield* Effect.forEach(existing, (statement) => sql.unsafe(statement).unprepared)
      const before = yield* columnsOfAllTables
      yield* migrate
      const after = yield* columnsOfAllTables
      assert.deepStrictEqual(
        after.filter((column) => column.startsWith("projects.")),
        before
      )
      assert.isTrue(after.some((column) => column.startsWith("frontline_routes.")))
      const rows = yield* sql`SELECT id, slug, added_later FROM projects`
      assert.deepStrictEqual(
        rows.map((row) => ({ ...row })),
        [{ id: "proj_1", slug: "shop", added_later: "kept" }]
      )
      // Old and new tables can be joined despite different collations.
      yield* sql`SELECT * FROM projects p JOIN deployments d ON d.project_id = p.id`
    }).pipe(Effect.provide(emptyDatabase))
  )

  it.live("lets two instances share an address where it creates the table, and leaves a unique key that is there", () =>
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      const insert = (id: string) =>
        sql`INSERT INTO instances ${sql.insert({
          ...{ id, deployment_id: id, workspace_id: "ws", project_id: "proj", region: "eu", k8s_name: id },
          ...{ address: "10.0.0.7:8080", cpu_millicores: 1, memory_mib: 1, status: "running" }
        })}`
      const uniqueKeys = sql`SELECT DISTINCT index_name AS name FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'instances' AND index_name = 'unique_address_per_region'`
      yield* migrate
      yield* insert("of_the_old_deployment")
      yield* insert("of_the_new_deployment")
      yield* sql`DELETE FROM instances`
      yield* sql`ALTER TABLE instances ADD UNIQUE KEY unique_address_per_region (address, region)`
      yield* sql`DELETE FROM control_plane_migrations`
      yield* migrate
      assert.lengthOf(yield* uniqueKeys, 1)
    }).pipe(Effect.provide(emptyDatabase))
  )

  it.live("three workers that start together apply each migration once", () =>
    Effect.gen(function* () {
      const url = yield* freshDatabase
      const worker = Effect.provide(migrate, MysqlPoolsLive({ primary: poolOptions(url) }))
      const reports = yield* Effect.all([worker, worker, worker], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        reports.flatMap((report) => report.applied),
        allIds
      )
    }).pipe(Effect.scoped)
  )

  it.live("a migration that was cut short is completed by the next run", () =>
    Effect.gen(function* () {
      const { sql } = (yield* MysqlPools).primary
      yield* migrate
      yield* sql`DELETE FROM control_plane_migrations`
      yield* sql`DROP TABLE frontline_routes`
      assert.deepStrictEqual(yield* migrate, { applied: allIds, present: [] })
      yield* sql`SELECT * FROM frontline_routes`
    }).pipe(Effect.provide(emptyDatabase))
  )
})
