import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option, Schedule } from "effect"
import { findMariaDb } from "../../../dev/stack/MariaDb.ts"
import { startDatabase } from "../../../dev/stack/PrivateDatabase.ts"
import { RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { makeMysqlPool } from "../../../src/layers/mysql/MysqlPool.ts"
import { freshDatabase } from "../../support/stack/Database.ts"
import { errorPacket, type Interception, interceptingProxy } from "./InterceptingProxy.ts"
import { poolOptions } from "./MysqlWorld.ts"

class Target extends Context.Tag("test/Target")<Target, MysqlPoolOptions>() {}

const target = Layer.scoped(Target, Effect.map(freshDatabase, poolOptions))

const prepare = 0x16
const execute = 0x17

/** A pool behind a proxy, with as many idle connections as asked for, and how often one was opened. */
const openPool = (idle: number, overrides: Partial<MysqlPoolOptions> = {}) =>
  Effect.gen(function* () {
    const options = yield* Target
    const proxy = yield* interceptingProxy(options)
    const pool = yield* makeMysqlPool("primary", { ...options, host: "127.0.0.1", port: proxy.port, ...overrides })
    yield* Effect.forEach(Array.from({ length: idle }), () => pool.query("warm", pool.sql`SELECT SLEEP(0.1)`), {
      concurrency: "unbounded"
    })
    assert.strictEqual(yield* proxy.connections, idle)
    return { ...pool, proxy }
  })

/** Connections up to the `last` one answer every command with this error. */
const broken =
  (last: number, errno: number, sqlState: string) =>
  (packet: { readonly connection: number; readonly sequence: number; readonly payload: Buffer }): Interception =>
    packet.connection <= last && packet.sequence === 0
      ? { answer: errorPacket(errno, sqlState) }
      : { forward: packet.payload }

/** Errors after which a connection or its prepared statements are unusable. */
const ofOneConnection = [
  ["an unknown prepared statement", 1243, "HY000"],
  ["a statement to prepare again", 1615, "HY000"],
  ["too many prepared statements", 1461, "42000"],
  ["a user's limit", 1226, "42000"],
  ["an unknown error, as Vitess has for most", 1105, "HY000"],
  ["ProxySQL without a server", 9001, "HY000"],
  ["ProxySQL bound to another host group", 9006, "HY000"],
  ["an error of no known number or class", 65_000, "HY000"]
] as const

/** Errors after which the server must no longer be used. */
const ofTheServer = [
  ["a demoted primary", 1290, "HY000"],
  ["a server in read-only mode", 1836, "HY000"],
  ["a reader of a cluster", 1874, "HY000"],
  ["read-only transactions", 1792, "25006"],
  ["a node that left its cluster", 1047, "08S01"],
  ["a server that shuts down", 1053, "08S01"],
  ["a server in offline mode", 3032, "HY000"],
  ["an error of class 08 of no known number", 65_000, "08S99"],
  ["a proxy that lost its server", 2013, "HY000"],
  ["a proxy that reaches no server", 2003, "HY000"],
  ["a closed idle connection, MySQL", 4031, "HY000"],
  ["a killed connection, MariaDB", 1927, "70100"]
] as const

/** Errors about rows: the connection stays usable. */
const aboutRows = [
  ["text too long", 1406, "22001"],
  ["a duplicate key", 1062, "23000"],
  ["a wrong number", 1366, "HY000"]
] as const

layer(target, { excludeTestServices: true })("a connection that answers with", (it) => {
  it.scoped.each([...ofOneConnection, ...ofTheServer])(
    "%s is closed at once, and the statement and the transaction are repeated on another one",
    ([, errno, sqlState]) =>
      Effect.gen(function* () {
        const { proxy, query, sql, transaction } = yield* openPool(1, { maxConnections: 1 })
        yield* proxy.intercept(broken(1, errno, sqlState))
        yield* query("test", sql`SELECT 1`)
        assert.strictEqual(yield* proxy.connections, 2)
        yield* proxy.intercept(broken(2, errno, sqlState))
        yield* transaction("test", sql`SELECT 1`)
        assert.strictEqual(yield* proxy.connections, 3)
      })
  )

  it.scoped.each(ofTheServer)("%s takes along the idle ones that were opened before it", ([, errno, sqlState]) =>
    Effect.gen(function* () {
      const { proxy, sql, transaction, usage } = yield* openPool(8)
      yield* proxy.intercept(broken(8, errno, sqlState))
      yield* transaction("test", sql`SELECT 1`)
      assert.strictEqual(yield* proxy.connections, 9)
      // Sockets are counted until they are closed.
      yield* Effect.repeat(usage, { until: ({ open }) => open === 1, schedule: Schedule.spaced("10 millis") })
    })
  )

  it.scoped.each(aboutRows)("%s is used again", ([, errno, sqlState]) =>
    Effect.gen(function* () {
      const { proxy, query, sql } = yield* openPool(1)
      yield* proxy.intercept(broken(1, errno, sqlState))
      assert.propertyVal(yield* Effect.flip(query("test", sql`SELECT 1`)), "errno", errno)
      yield* proxy.intercept(broken(0, errno, sqlState))
      yield* query("test", sql`SELECT 1`)
      assert.strictEqual(yield* proxy.connections, 1)
    })
  )

  it.scoped("a refused privilege is closed: what is granted meanwhile is seen by new connections", () =>
    Effect.gen(function* () {
      const { proxy, query, sql } = yield* openPool(1)
      yield* proxy.intercept(broken(1, 1142, "42000"))
      assert.propertyVal(yield* Effect.flip(query("test", sql`SELECT 1`)), "reason", "denied")
      yield* query("test", sql`SELECT 1`)
      assert.strictEqual(yield* proxy.connections, 2)
    })
  )
})

layer(target, { excludeTestServices: true })("a server that has lost a prepared statement", (it) => {
  it.scoped("refuses it on one connection only, which is closed", () =>
    Effect.gen(function* () {
      const { proxy, query, sql } = yield* openPool(1, { maxConnections: 1 })
      const statement = query("test", sql<{ n: number }>`SELECT 7 AS n`)
      yield* statement
      const seen: Array<readonly [number, number]> = []
      yield* proxy.intercept(({ connection, payload, sequence }) => {
        const command = sequence === 0 ? payload.readUInt8(0) : 0
        if (command === prepare || command === execute) seen.push([connection, command])
        if (command !== execute || connection > 1) return { forward: payload }
        // The server does not know this statement id, as after a failover behind a proxy.
        const elsewhere = Buffer.from(payload)
        elsewhere.writeUInt32LE(0x7fff_ffff, 1)
        return { forward: elsewhere }
      })
      assert.deepStrictEqual(
        (yield* statement).map(({ n }) => Number(n)),
        [7]
      )
      assert.deepStrictEqual(seen, [
        [1, execute],
        [2, prepare],
        [2, execute]
      ])
    })
  )
})

const program = await Effect.runPromise(findMariaDb)

describe.skipIf(Option.isNone(program))("a server whose prepared statements are used up", () => {
  it.scopedLive("gets back those of the connection that it refuses, and the statement is repeated", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.flatMap(program, startDatabase)
      const options = poolOptions(new URL("/mysql", url).href)
      const operator = yield* makeMysqlPool("primary", options)
      const { query, sql } = yield* makeMysqlPool("primary", { ...options, maxConnections: 1 })
      yield* operator.sql`SET GLOBAL max_prepared_stmt_count = 3`.unprepared
      const answers = yield* Effect.forEach(Array.from({ length: 12 }).keys(), (index) =>
        query("test", sql.unsafe<{ n: number }>(`SELECT ${index} AS n`))
      )
      assert.deepStrictEqual(
        answers.flat().map(({ n }) => Number(n)),
        [...Array(12).keys()]
      )
    }).pipe(Effect.provide(RunDirectoryLive))
  )
})
