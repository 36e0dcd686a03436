import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Fiber, Layer, Logger, Ref, Schedule } from "effect"
import { cuttingProxy } from "../../../dev/simulators/CuttingProxy.ts"
import { MySqlServer } from "../../../dev/stack/MySqlServer.ts"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { makeMysqlPool } from "../../../src/layers/mysql/MysqlPool.ts"
import { freshDatabase, freshDatabaseOn } from "../../support/stack/Database.ts"
import { serverAlone } from "../../support/stack/serverAlone.ts"
import { poolOptions } from "./MysqlWorld.ts"

/** A database with one table, shared by the tests of this file. */
class Target extends Context.Tag("test/Target")<Target, MysqlPoolOptions>() {}

const targetIn = <E, R>(database: Effect.Effect<string, E, R>) =>
  Layer.scoped(
    Target,
    Effect.gen(function* () {
      const options = poolOptions(yield* database)
      const { sql } = yield* makeMysqlPool("primary", options)
      yield* sql`CREATE TABLE counters (id varchar(64) PRIMARY KEY, value bigint unsigned NOT NULL)`
      return options
    })
  )

const target = targetIn(freshDatabase)

/** On a server of its own, which a test makes read-only. */
const targetAlone = targetIn(Effect.flatMap(MySqlServer, freshDatabaseOn)).pipe(
  Layer.provide(serverAlone),
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

const openPool = (overrides: Partial<MysqlPoolOptions> = {}) =>
  Effect.flatMap(Target, (options) => makeMysqlPool("primary", { ...options, ...overrides }))

/** A user of this database without privileges that lift limits. */
const restrictedUser = Effect.fnUntraced(function* (name: string, limits: string) {
  const { database } = yield* Target
  const { sql } = yield* openPool()
  const run = (statement: string) => sql.unsafe(statement).unprepared
  yield* Effect.acquireRelease(run(`CREATE USER '${name}'@'%' ${limits}`), () =>
    Effect.orDie(run(`DROP USER '${name}'@'%'`))
  )
  yield* run(`GRANT ALL ON \`${database}\`.* TO '${name}'@'%'`)
  return { user: name, password: undefined }
})

const uniqueName = (prefix: string) => `${prefix}_${process.pid}`

layer(target, { excludeTestServices: true })("MysqlPool", (it) => {
  it.scoped("a deadlock of two transactions is resolved by repeating the loser, and both are written once", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool()
      yield* sql`INSERT INTO counters VALUES ('left', 0), ('right', 0)`
      const attempts = yield* Ref.make(0)
      const bothHold = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const cross = (first: string, second: string, mine: 0 | 1) =>
        transaction(
          "test",
          Effect.gen(function* () {
            yield* Ref.update(attempts, (n) => n + 1)
            yield* sql`UPDATE counters SET value = value + 1 WHERE id = ${first}`
            yield* Deferred.succeed(bothHold[mine], undefined)
            yield* Deferred.await(bothHold[mine === 0 ? 1 : 0])
            yield* sql`UPDATE counters SET value = value + 1 WHERE id = ${second}`
          })
        )
      yield* Effect.all([cross("left", "right", 0), cross("right", "left", 1)], { concurrency: "unbounded" })
      assert.isAbove(yield* Ref.get(attempts), 2)
      const rows = yield* sql`SELECT id, value FROM counters WHERE id IN ('left', 'right') ORDER BY id`
      assert.deepStrictEqual(
        rows.map((row) => ({ ...row })),
        [
          { id: "left", value: "2" },
          { id: "right", value: "2" }
        ]
      )
    })
  )

  it.scoped("a lock that another transaction holds for a moment is waited out by repeating", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool()
      yield* sql`INSERT INTO counters VALUES ('held', 0)`
      const isHeld = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const attempts = yield* Ref.make(0)
      const holder = yield* Effect.fork(
        transaction(
          "holder",
          sql`SELECT * FROM counters WHERE id = 'held' FOR UPDATE`.pipe(
            Effect.zipRight(Deferred.succeed(isHeld, undefined)),
            Effect.zipRight(Deferred.await(release))
          )
        )
      )
      yield* Deferred.await(isHeld)
      yield* transaction(
        "test",
        Effect.gen(function* () {
          // The lock is free for the second attempt, because the first one released its holder.
          if ((yield* Ref.updateAndGet(attempts, (n) => n + 1)) === 2) {
            yield* Deferred.succeed(release, undefined)
            yield* Fiber.join(holder)
          }
          yield* sql`SELECT * FROM counters WHERE id = 'held' FOR UPDATE NOWAIT`
        })
      )
      assert.strictEqual(yield* Ref.get(attempts), 2)
    })
  )

  it.scoped("a transaction whose connection is killed in the middle is repeated on another one", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool()
      const operator = yield* openPool()
      const connections = yield* Ref.make<ReadonlyArray<string>>([])
      yield* transaction(
        "test",
        Effect.gen(function* () {
          yield* sql`INSERT INTO counters VALUES ('killed', 1)`
          const [row] = yield* sql<{ id: string }>`SELECT CONNECTION_ID() AS id`
          const id = row?.id ?? ""
          if ((yield* Ref.updateAndGet(connections, (seen) => [...seen, id])).length === 1) {
            yield* operator.sql.unsafe(`KILL CONNECTION ${Number(id)}`).unprepared
          }
          yield* sql`UPDATE counters SET value = value + 1 WHERE id = 'killed'`
        })
      )
      const seen = yield* Ref.get(connections)
      assert.strictEqual(new Set(seen).size, 2)
      const [row] = yield* sql<{ value: string }>`SELECT value FROM counters WHERE id = 'killed'`
      assert.strictEqual(row?.value, "2")
    })
  )

  for (const fault of ["lose-commit", "lose-answer-to-commit"] as const) {
    it.scoped(`a write is there once after the connection fell at COMMIT (${fault})`, () =>
      Effect.gen(function* () {
        const proxy = yield* cuttingProxy(yield* Target)
        const { sql, transaction } = yield* openPool({ host: "127.0.0.1", port: proxy.port })
        yield* sql`SELECT 1`
        yield* proxy.inject(fault)
        const attempts = yield* Ref.make(0)
        const write = Ref.update(attempts, (n) => n + 1).pipe(
          Effect.zipRight(sql`INSERT INTO counters VALUES (${fault}, 7) ON DUPLICATE KEY UPDATE value = 7`)
        )
        yield* transaction("test", write)
        assert.strictEqual(yield* Ref.get(attempts), 2)
        assert.strictEqual(yield* proxy.commits, 2)
        const rows = yield* sql<{ value: string }>`SELECT value FROM counters WHERE id = ${fault}`
        assert.deepStrictEqual(
          rows.map((row) => row.value),
          ["7"]
        )
      })
    )
  }

  it.scoped("a server that falls silent costs one statement's time limit, COMMIT included, and the pool recovers", () =>
    Effect.gen(function* () {
      const proxy = yield* cuttingProxy(yield* Target)
      const { query, sql, transaction, usage } = yield* openPool({
        host: "127.0.0.1",
        port: proxy.port,
        statementTimeout: "200 millis",
        connectTimeout: "200 millis"
      })
      yield* sql`SELECT 1`
      const silent = transaction(
        "test",
        sql`INSERT INTO counters VALUES ('silent', 1)`.pipe(Effect.zipRight(proxy.inject("silence")))
      )
      const [elapsed, error] = yield* Effect.timed(Effect.flip(silent))
      assert.strictEqual(error.reason, "timeout")
      assert.isBelow(Duration.toMillis(elapsed), 2_000)
      yield* proxy.inject("none")
      yield* query("test", sql`SELECT 1`)
      assert.deepInclude(yield* usage, { waiting: 0 })
      const rows = yield* sql`SELECT value FROM counters WHERE id = 'silent'`
      assert.strictEqual(rows.length, 0)
    })
  )

  it.scoped("a statement that runs too long fails as a timeout and gives its place in the pool back", () =>
    Effect.gen(function* () {
      const { query, sql } = yield* openPool({ maxConnections: 1, statementTimeout: "200 millis" })
      const error = yield* Effect.flip(query("test", sql`SELECT SLEEP(3)`))
      assert.deepInclude({ ...error }, { operation: "test", reason: "timeout" })
      yield* query("test", sql`SELECT 1`)
    })
  )

  it.scoped("an interrupted statement does not keep the next user of the pool waiting for its answer", () =>
    Effect.gen(function* () {
      const { query, sql, usage } = yield* openPool({ maxConnections: 1 })
      yield* query("test", sql`SELECT 1`)
      const slow = yield* Effect.fork(query("slow", sql`SELECT SLEEP(3)`))
      yield* Effect.repeat(usage, { until: ({ idle }) => idle === 0 })
      yield* Fiber.interrupt(slow)
      const [elapsed] = yield* Effect.timed(query("test", sql`SELECT 1`))
      assert.isBelow(Duration.toMillis(elapsed), 1_500)
    })
  )

  it.scoped("a transaction that is interrupted leaves neither rows nor locks", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool()
      const isWritten = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        transaction(
          "test",
          sql`INSERT INTO counters VALUES ('interrupted', 1)`.pipe(
            Effect.zipRight(Deferred.succeed(isWritten, undefined)),
            Effect.zipRight(Effect.never)
          )
        )
      )
      yield* Deferred.await(isWritten)
      yield* Fiber.interrupt(fiber)
      yield* transaction("test", sql`INSERT INTO counters VALUES ('interrupted', 2)`)
      const [row] = yield* sql<{ value: string }>`SELECT value FROM counters WHERE id = 'interrupted'`
      assert.strictEqual(row?.value, "2")
    })
  )

  it.scoped("a transaction has a time limit of its own and is rolled back when it passes", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool({ transactionTimeout: "100 millis" })
      const endless = Effect.zipRight(sql`INSERT INTO counters VALUES ('endless', 1)`, Effect.never)
      assert.strictEqual((yield* Effect.flip(transaction("test", endless))).reason, "timeout")
      assert.strictEqual((yield* sql`SELECT 1 FROM counters WHERE id = 'endless'`).length, 0)
    })
  )

  it.scoped("a connection past its lifetime is not used again", () =>
    Effect.gen(function* () {
      const connectionOf = (pool: Effect.Effect.Success<ReturnType<typeof openPool>>) =>
        Effect.map(pool.query("test", pool.sql<{ id: string }>`SELECT CONNECTION_ID() AS id`), ([row]) => row?.id)
      const lasting = yield* openPool()
      assert.strictEqual(yield* connectionOf(lasting), yield* connectionOf(lasting))
      const fleeting = yield* openPool({ connectionLifetime: 0 })
      assert.notStrictEqual(yield* connectionOf(fleeting), yield* connectionOf(fleeting))
    })
  )

  it.scoped("a duplicate key is reported at once, never repeated", () =>
    Effect.gen(function* () {
      const { sql, transaction } = yield* openPool()
      yield* sql`INSERT INTO counters VALUES ('twice', 1)`
      const attempts = yield* Ref.make(0)
      const insert = Ref.update(attempts, (n) => n + 1).pipe(
        Effect.zipRight(sql`INSERT INTO counters VALUES ('twice', 1)`)
      )
      const error = yield* Effect.flip(transaction("test", insert))
      assert.deepInclude({ ...error }, { reason: "duplicate_key", errno: 1062 })
      assert.strictEqual(yield* Ref.get(attempts), 1)
    })
  )

  it.scoped("a server demoted to read-only is told apart, and later statements use a new connection", () =>
    Effect.gen(function* () {
      const user = yield* restrictedUser(uniqueName("reader"), "")
      const { sql, transaction } = yield* openPool({ ...user, maxConnections: 1 })
      const operator = yield* openPool()
      const connectionId = Effect.map(sql<{ id: string }>`SELECT CONNECTION_ID() AS id`, ([row]) => row?.id)
      const before = yield* connectionId
      const write = transaction("test", sql`INSERT INTO counters VALUES ('demoted', 1)`)
      const setReadOnly = (value: 0 | 1) => operator.sql.unsafe(`SET GLOBAL read_only = ${value}`).unprepared
      const error = yield* Effect.acquireUseRelease(
        setReadOnly(1),
        () => Effect.flip(write),
        () => Effect.orDie(setReadOnly(0))
      )
      assert.deepInclude({ ...error }, { reason: "read_only", errno: 1290 })
      yield* write
      assert.notStrictEqual(yield* connectionId, before)
    }).pipe((test) => Effect.flatMap(Layer.build(targetAlone), (alone) => Effect.provide(test, alone)))
  )

  it.scoped("a server that has no connection left is asked again until one is free", () =>
    Effect.gen(function* () {
      const user = yield* restrictedUser(uniqueName("single"), "WITH MAX_USER_CONNECTIONS 1")
      const holder = yield* openPool({ ...user, maxConnections: 1 })
      const latecomer = yield* openPool({ ...user, maxConnections: 1 })
      const isHeld = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        Effect.scoped(
          Effect.flatMap(makeMysqlPool("primary", { ...(yield* Target), ...user, maxConnections: 1 }), ({ sql }) =>
            sql`SELECT 1`.pipe(
              Effect.zipRight(Deferred.succeed(isHeld, undefined)),
              Effect.zipRight(Deferred.await(release))
            )
          )
        )
      )
      yield* Deferred.await(isHeld)
      const full = yield* Effect.flip(holder.query("test", holder.sql`SELECT 1`))
      assert.deepInclude({ ...full }, { reason: "too_many_connections" })
      const waiting = yield* Effect.fork(latecomer.query("test", latecomer.sql`SELECT 1`))
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(fiber)
      yield* Fiber.join(waiting)
    })
  )

  it.scoped("a burst uses no more connections than the pool may open, and no caller waits at the end", () =>
    Effect.gen(function* () {
      const { database } = yield* Target
      const { query, sql, usage } = yield* openPool({ maxConnections: 3 })
      const operator = yield* openPool()
      const seen = yield* Ref.make({ open: 0, waiting: 0, onServer: 0 })
      const watch = Effect.gen(function* () {
        const { open, waiting } = yield* usage
        const [row] = yield* operator.sql<{ n: string }>`
          SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = ${database} AND info LIKE 'SELECT SLEEP(0.05)%'`
        yield* Ref.update(seen, (max) => ({
          open: Math.max(max.open, open),
          waiting: Math.max(max.waiting, waiting),
          onServer: Math.max(max.onServer, Number(row?.n))
        }))
      }).pipe(Effect.repeat(Schedule.spaced("5 millis")))
      const watcher = yield* Effect.fork(watch)
      yield* Effect.forEach(Array.from({ length: 20 }), () => query("test", sql`SELECT SLEEP(0.05)`), {
        concurrency: "unbounded"
      })
      yield* Fiber.interrupt(watcher)
      const max = yield* Ref.get(seen)
      assert.strictEqual(max.open, 3)
      assert.isAtMost(max.onServer, 3)
      assert.isAbove(max.waiting, 0)
      assert.deepStrictEqual(yield* usage, { pool: "primary", open: 3, idle: 3, waiting: 0 })
    })
  )

  it.scoped("waiting for a free connection ends with a timeout instead of never", () =>
    Effect.gen(function* () {
      const { query, sql, usage } = yield* openPool({ maxConnections: 1, connectTimeout: "1 second" })
      yield* query("test", sql`SELECT 1`)
      const slow = yield* Effect.fork(query("slow", sql`SELECT SLEEP(3)`))
      yield* Effect.repeat(usage, { until: ({ idle }) => idle === 0 })
      assert.strictEqual((yield* Effect.flip(query("test", sql`SELECT 1`))).reason, "timeout")
      yield* Fiber.join(slow)
      assert.deepStrictEqual(yield* usage, { pool: "primary", open: 1, idle: 1, waiting: 0 })
    })
  )

  it.scoped("every connection starts with the same settings", () =>
    Effect.gen(function* () {
      const { sql } = yield* openPool()
      const rows = yield* sql<{ name: string; value: string }>`
        SHOW SESSION VARIABLES WHERE Variable_name IN
          ('sql_mode', 'time_zone', 'tx_isolation', 'transaction_isolation', 'innodb_lock_wait_timeout')`.unprepared
      const values = rows.map((row) => Object.values(row).map(String))
      const valueOf = (...names: ReadonlyArray<string>) => values.find(([name = ""]) => names.includes(name))?.[1]
      assert.include(valueOf("sql_mode"), "STRICT_TRANS_TABLES")
      assert.notInclude(valueOf("sql_mode"), "IGNORE_SPACE")
      assert.strictEqual(valueOf("time_zone"), "+00:00")
      assert.strictEqual(valueOf("tx_isolation", "transaction_isolation"), "READ-COMMITTED")
      assert.strictEqual(valueOf("innodb_lock_wait_timeout"), "5")
    })
  )

  it.scoped("64-bit numbers keep every digit", () =>
    Effect.gen(function* () {
      const { sql } = yield* openPool()
      yield* sql`INSERT INTO counters VALUES ('big', '18446744073709551615')`
      const [row] = yield* sql<{ value: string }>`SELECT value FROM counters WHERE id = 'big'`
      assert.strictEqual(row?.value, "18446744073709551615")
    })
  )

  it.scoped("closing the scope closes every connection", () =>
    Effect.gen(function* () {
      const operator = yield* openPool()
      const id = yield* Effect.scoped(
        Effect.gen(function* () {
          const { sql } = yield* openPool()
          const [row] = yield* sql<{ id: string }>`SELECT CONNECTION_ID() AS id`
          return Number(row?.id)
        })
      )
      const isGone = Effect.map(
        operator.sql`SELECT 1 FROM information_schema.processlist WHERE id = ${id}`,
        (rows) => rows.length === 0
      )
      yield* Effect.repeat(isGone, { until: (gone) => gone, schedule: Schedule.spaced("10 millis"), times: 100 })
      assert.isTrue(yield* isGone)
    })
  )
})
