import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger } from "effect"
import { onConnection, queryServer } from "../../dev/stack/MySqlConnection.ts"
import { MysqlPoolsLive } from "../../src/layers/mysql/MysqlPools.ts"
import { migrate, migrateForward } from "../../src/migrations/migrate.ts"
import { migrations } from "../../src/migrations/migrations.ts"
import { compareSchema } from "../../src/migrations/schemaState.ts"
import { poolOptions, quietly } from "../layers/mysql/MysqlWorld.ts"
import { runWorker } from "../main/runWorker.ts"
import { runHere } from "../support/cli/runHere.ts"
import { freshDatabase } from "../support/stack/Database.ts"
import { runCommand } from "./runCommand.ts"

const settings = (database: string) => ({
  WORKER_DATABASE_PRIMARY: database,
  WORKER_CNAME_DOMAIN: "cname.unkey.local"
})

const names = migrations.map(({ name }) => name)
const tables = "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()"
const waiting =
  "SELECT time AS seconds FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table metadata lock%'"
const newer = "INSERT INTO control_plane_migrations (id, name) VALUES (9001, 'of tomorrow')"

/** Brings the database up to date, as `migrate --apply` does, without a process. */
const migrated = (database: string) =>
  Effect.provide(quietly(migrateForward), MysqlPoolsLive({ primary: poolOptions(database) }))

// They wait more than they compute.
describe.concurrent("migrate", () => {
  it.live("shows what is pending and what it does, and changes nothing", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const { code, errors, output } = yield* runHere(["migrate"], settings(database))
      assert.deepStrictEqual({ code, errors }, { code: 0, errors: "" })
      for (const { effect, name } of migrations) assert.include(output, `pending  ${name}: ${effect}\n`)
      assert.include(output, `${migrations.length} pending`)
      assert.strictEqual((yield* queryServer(database, tables))[0]?.n, 0)
    }).pipe(Effect.scoped)
  )

  it.live("--apply brings the database up to date, and says so when there is nothing left to do", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const first = yield* runCommand(["migrate", "--apply"], settings(database))
      const ids = migrations.map(({ id }) => id).join(", ")
      assert.deepStrictEqual(first, { code: 0, output: `Applied migrations ${ids}.\n`, errors: "" })
      const second = yield* runCommand(["migrate", "--apply"], settings(database))
      assert.strictEqual(second.output, `Nothing was pending: the database has all ${migrations.length} migrations.\n`)
      const { output } = yield* runCommand(["migrate"], settings(database))
      for (const name of names) assert.include(output, `applied  ${name}: `)
      assert.include(output, "Nothing is pending.\n")
    }).pipe(Effect.scoped)
  )

  it.live("--apply waits for a statement for longer than a worker does that starts", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* migrated(database)
      yield* queryServer(database, "DELETE FROM control_plane_migrations WHERE id = 2")
      yield* queryServer(database, "DROP INDEX deployments_idle_scan_idx ON deployments")
      // A reader of the table blocks its change: here for longer than a start waits.
      const held = yield* Effect.fork(
        onConnection(database, (run) =>
          Effect.gen(function* () {
            yield* run("BEGIN")
            yield* run("SELECT COUNT(*) FROM deployments")
            const waits = yield* Effect.repeat(Effect.delay(run(waiting), "500 millis"), {
              until: (rows) => rows.some(({ seconds }) => seconds >= 11)
            })
            return waits.length
          })
        )
      )
      const { code, output } = yield* runHere(["migrate", "--apply"], settings(database))
      assert.deepStrictEqual({ code, output }, { code: 0, output: "Applied migration 2.\n" })
      assert.strictEqual(yield* Fiber.join(held), 1, "it was asked again")
    }).pipe(Effect.scoped)
  )

  it.live("--apply of two processes at once applies each migration once, and both end well", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const once = runCommand(["migrate", "--apply"], settings(database))
      const both = yield* Effect.all([once, once], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        both.map(({ code, errors }) => ({ code, errors })),
        [
          { code: 0, errors: "" },
          { code: 0, errors: "" }
        ]
      )
      assert.lengthOf(
        both.filter(({ output }) => output.startsWith("Applied migrations")),
        1
      )
      assert.lengthOf(
        both.filter(({ output }) => output.startsWith("Nothing was pending")),
        1
      )
    }).pipe(Effect.scoped)
  )

  it.live("shows, and refuses to touch, a database that a newer version has migrated", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* migrated(database)
      yield* queryServer(database, newer)
      const plan = yield* runHere(["migrate"], settings(database))
      assert.strictEqual(plan.code, 0)
      assert.match(plan.output, /9001 {2}unknown {2}of tomorrow/)
      const { code, errors, output } = yield* runHere(["migrate", "--apply"], settings(database))
      assert.deepStrictEqual({ code, output }, { code: 1, output: "" })
      assert.match(errors, /^Cannot migrate: the database is newer than this build.*9001 "of tomorrow".*\n$/)
    }).pipe(Effect.scoped)
  )

  it.live("applies none of what is pending to such a database", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* migrated(database)
      yield* queryServer(database, newer)
      yield* queryServer(database, "DELETE FROM control_plane_migrations WHERE id = 3")
      yield* queryServer(database, "DROP TABLE ctrl_worker_builds")
      const before = yield* queryServer(database, tables)
      const refused = yield* quietly(migrateForward).pipe(
        Effect.flip,
        Effect.provide(MysqlPoolsLive({ primary: poolOptions(database) }))
      )
      assert.strictEqual(refused._tag, "SchemaNewer")
      assert.deepStrictEqual(yield* queryServer(database, tables), before)
    }).pipe(Effect.scoped)
  )

  it.live("lets an older worker serve on such a database, with what it needs itself and a warning", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const pools = MysqlPoolsLive({ primary: poolOptions(database) })
      yield* Effect.provide(quietly(migrate), pools)
      yield* queryServer(database, newer)
      yield* queryServer(database, "DELETE FROM control_plane_migrations WHERE id = 3")
      const lines: Array<string> = []
      const Collected = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => lines.push(`${logLevel.label} ${JSON.stringify(message)}`))
      )
      const report = yield* Effect.provide(migrate, Layer.merge(pools, Collected))
      assert.deepStrictEqual(report.applied, [3])
      const [warning] = lines.filter((line) => line.startsWith("WARN"))
      assert.include(warning, "newer version")
      assert.include(warning, "of tomorrow")
    }).pipe(Effect.scoped)
  )

  it.live("names an index that was dropped, and --apply restores it, also with its table", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* migrated(database)
      yield* queryServer(database, "DROP INDEX deployments_idle_scan_idx ON deployments")
      yield* queryServer(database, "DROP TABLE ctrl_worker_builds")
      const plan = yield* runHere(["migrate"], settings(database))
      assert.include(plan.output, "missing  index deployments_idle_scan_idx of deployments")
      assert.include(plan.output, "missing  index ctrl_worker_builds_lease_until_idx of ctrl_worker_builds")
      const { code, output } = yield* runHere(["migrate", "--apply"], settings(database))
      assert.strictEqual(code, 0)
      assert.include(output, "Restored deployments_idle_scan_idx, ctrl_worker_builds_lease_until_idx.\n")
      assert.notInclude((yield* runHere(["migrate"], settings(database))).output, "missing")
      assert.deepStrictEqual(yield* queryServer(database, "SELECT * FROM ctrl_worker_builds"), [])
    }).pipe(Effect.scoped)
  )

  it.live("shows nothing of, and applies nothing to, the database of a later version of Unkey", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      yield* queryServer(database, "CREATE TABLE apps (pk bigint unsigned AUTO_INCREMENT PRIMARY KEY)")
      const ended = [
        yield* runHere(["migrate"], settings(database)),
        yield* runHere(["migrate", "--apply"], settings(database)),
        yield* runCommand(["serve"], settings(database))
      ]
      for (const { code, errors, output } of ended) {
        assert.strictEqual(code, 1)
        assert.match(`${output}${errors}`, /the table apps\. Served are Unkey v2\.0\.83 to v2\.0\.87/)
      }
      assert.strictEqual((yield* queryServer(database, tables))[0]?.n, 1)
    }).pipe(Effect.scoped)
  )

  it.live("a start with database.migrate off ends with 1, and names what is pending and what applies it", () =>
    Effect.gen(function* () {
      const database = yield* freshDatabase
      const off = { ...settings(database), WORKER_DATABASE_MIGRATE: "off" }
      const { code, errors, fatal } = yield* runWorker(off)
      assert.deepStrictEqual([code, errors], [1, ""])
      assert.match(fatal[0]?.problem ?? "", /^the database lacks migration 1 "initial".*Run "migrate --apply"/)
      assert.strictEqual((yield* queryServer(database, tables))[0]?.n, 0)
    }).pipe(Effect.scoped)
  )

  it.live("names the server that does not answer, and ends with 1", () =>
    Effect.gen(function* () {
      const { code, errors } = yield* runHere(["migrate"], settings("mysql://root:hunter2@127.0.0.1:1/unkey"))
      assert.strictEqual(code, 1)
      assert.match(
        errors,
        /^Cannot migrate: cannot use the database at 127\.0\.0\.1:1\/unkey: the connection is refused: .* \(ECONNREFUSED\)/
      )
      assert.notInclude(errors, "hunter2")
    })
  )

  it("tells what is applied, pending and of a newer version apart, whatever the order of the rows", () => {
    const one = { id: 1, name: "one", effect: "", statements: [], indexes: [] }
    const two = { id: 2, name: "two", effect: "", statements: [], indexes: [] }
    const three = { id: 3, name: "three", effect: "", statements: [], indexes: [] }
    const rows = [{ id: 9, name: "nine" }, three, one].map(({ id, name }) => ({ id, name }))
    assert.deepStrictEqual(compareSchema([one, two, three], rows), {
      present: [1, 3, 9],
      applied: [one, three],
      pending: [two],
      unknown: [{ id: 9, name: "nine" }]
    })
  })
})
