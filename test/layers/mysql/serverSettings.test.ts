import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { MySqlServer } from "../../../dev/stack/MySqlServer.ts"
import { loginRefusalOf } from "../../../src/layers/mysql/loginRefusals.ts"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { type MysqlPool, makeMysqlPool } from "../../../src/layers/mysql/MysqlPool.ts"
import { freshDatabaseOn } from "../../support/stack/Database.ts"
import { serverAlone } from "../../support/stack/serverAlone.ts"
import { poolOptions } from "./MysqlWorld.ts"

/** A connection that keeps the settings of the server as they are, and a database on this server. */
class Target extends Context.Tag("test/ServerSettings")<
  Target,
  { readonly options: MysqlPoolOptions; readonly operator: MysqlPool }
>() {}

/** On a server of its own: global settings change. */
const target = Layer.scoped(
  Target,
  Effect.gen(function* () {
    const options = poolOptions(yield* Effect.flatMap(MySqlServer, freshDatabaseOn))
    const operator = yield* makeMysqlPool("primary", {
      ...options,
      maxConnections: 1,
      connectionLifetime: "1 hour",
      idleTimeout: "1 hour"
    })
    yield* operator.sql`CREATE TABLE texts (id varchar(64) PRIMARY KEY, value varchar(255) NOT NULL)`
    return { options, operator }
  })
).pipe(Layer.provide(serverAlone), Layer.provide(Logger.remove(Logger.defaultLogger)))

const shown = (sql: MysqlPool["sql"], name: string) =>
  Effect.map(sql.unsafe(`SHOW GLOBAL VARIABLES LIKE '${name}'`).unprepared, ([row]) =>
    String(Object.values(row ?? {})[1])
  )

const literal = (value: string) => (/^\d+$/.test(value) ? value : `'${value}'`)

/** The server with this global setting, which every connection opened in `use` starts from. */
const withGlobal = <A, E, R>(name: string, value: string, use: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Target, ({ operator: { sql } }) => {
    const set = (to: string) => Effect.orDie(sql.unsafe(`SET GLOBAL ${name} = ${literal(to)}`).unprepared)
    return Effect.acquireUseRelease(
      Effect.tap(shown(sql, name), () => set(value)),
      () => use,
      set
    )
  })

const sessionMode =
  "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"

/** Text that one of the modes reads differently when it stands in a statement. */
const hostileText = `a\\b 'c' "d" || \`e\`  `

const sessionOfWorker = Effect.scoped(
  Effect.gen(function* () {
    const { options } = yield* Target
    const { sql, transaction } = yield* makeMysqlPool("primary", options)
    yield* transaction("test", sql`REPLACE INTO texts VALUES ('hostile', ${hostileText})`)
    const [row] = yield* sql<{ value: string }>`SELECT value FROM texts WHERE id = "hostile"`
    assert.strictEqual(row?.value, hostileText)
    const variables = yield* sql<{ Variable_name: string; Value: string }>`
      SHOW SESSION VARIABLES WHERE Variable_name IN
        ('sql_mode', 'time_zone', 'tx_isolation', 'transaction_isolation', 'innodb_lock_wait_timeout')`.unprepared
    const session = Object.fromEntries(
      variables.map(({ Value, Variable_name }) => [Variable_name.replace("transaction_", "tx_"), String(Value)])
    )
    assert.deepStrictEqual(new Set(session.sql_mode?.split(",")), new Set(sessionMode.split(",")))
    assert.deepInclude(session, { time_zone: "+00:00", tx_isolation: "READ-COMMITTED", innodb_lock_wait_timeout: "5" })
  })
)

const variations: ReadonlyArray<readonly [name: string, value: string]> = [
  ["sql_mode", ""],
  ["sql_mode", "STRICT_TRANS_TABLES"],
  ["sql_mode", "ANSI_QUOTES"],
  ["sql_mode", "NO_BACKSLASH_ESCAPES"],
  ["sql_mode", "PIPES_AS_CONCAT"],
  ["sql_mode", "ONLY_FULL_GROUP_BY"],
  ["sql_mode", "TRADITIONAL"],
  ["time_zone", "+09:00"],
  ["innodb_lock_wait_timeout", "1"]
]

layer(target, { excludeTestServices: true })("a server with other settings", (it) => {
  for (const [name, value] of variations) {
    it.scoped(`does not change a session of the worker: ${name} = '${value}'`, () =>
      withGlobal(name, value, sessionOfWorker)
    )
  }

  it.scoped("does not change a session of the worker: the isolation level SERIALIZABLE", () =>
    Effect.gen(function* () {
      const { sql } = (yield* Target).operator
      const set = (level: string) => sql.unsafe(`SET GLOBAL TRANSACTION ISOLATION LEVEL ${level}`).unprepared
      yield* Effect.acquireUseRelease(
        set("SERIALIZABLE"),
        () => sessionOfWorker,
        () => Effect.orDie(set("REPEATABLE READ"))
      )
    })
  )

  it.scoped("refuses a connection without TLS by require_secure_transport, which is reported as a refused login", () =>
    withGlobal(
      "require_secure_transport",
      "1",
      Effect.gen(function* () {
        const { query, sql } = yield* makeMysqlPool("primary", (yield* Target).options)
        const error = yield* Effect.flip(query("test", sql`SELECT 1`))
        assert.strictEqual(error.reason, "login")
        // MySQL, and MariaDB, which does not say why.
        assert.include([3159, 1045], error.errno)
        assert.include(loginRefusalOf(error), "over TLS")
      })
    )
  )
})
