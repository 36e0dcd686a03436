import { Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { BuildLedgerLive } from "../../../src/layers/mysql/BuildLedgerLive.ts"
import { CertificateStoreLive } from "../../../src/layers/mysql/CertificateStoreLive.ts"
import { ClickhouseSettingsStoreLive } from "../../../src/layers/mysql/ClickhouseSettingsStoreLive.ts"
import { DbLive } from "../../../src/layers/mysql/DbLive.ts"
import { DeploymentStoreLive } from "../../../src/layers/mysql/DeploymentStoreLive.ts"
import { DomainProofStoreLive } from "../../../src/layers/mysql/DomainProofStoreLive.ts"
import { DomainStoreLive } from "../../../src/layers/mysql/DomainStoreLive.ts"
import { IdlePreviewStoreLive } from "../../../src/layers/mysql/IdlePreviewStoreLive.ts"
import { KeyRefillStoreLive } from "../../../src/layers/mysql/KeyRefillStoreLive.ts"
import type { MysqlPoolOptions } from "../../../src/layers/mysql/MysqlDriver.ts"
import { MysqlPools, MysqlPoolsLive } from "../../../src/layers/mysql/MysqlPools.ts"
import { QuotaStoreLive } from "../../../src/layers/mysql/QuotaStoreLive.ts"
import { RegionStoreLive } from "../../../src/layers/mysql/RegionStoreLive.ts"
import { RouteStoreLive } from "../../../src/layers/mysql/RouteStoreLive.ts"
import { rowSchema } from "../../../src/layers/mysql/rows.ts"
import { migrate } from "../../../src/migrations/migrate.ts"
import { type Column, columns, integersOf } from "../../support/columns.ts"
import { forEachTable, noRows, type Rows, type TableName, tableNames, tables } from "../../support/memory/Tables.ts"
import { sortedRows, World } from "../../support/memory/World.ts"
import { accountOf } from "../../support/stack/Account.ts"
import { freshDatabase } from "../../support/stack/Database.ts"

/** Values of the required columns that a row does not have: no store uses them. */
const others = (table: TableName, row: object) => {
  const missing = columns.filter((column) => column.table === table && column.isRequired && !(column.name in row))
  const valueOf = ({ name, type }: Column) => {
    if (name === "org_id" && "id" in row) return `org_${row.id}`
    return type === "json" ? "{}" : integersOf({ type }).length > 0 ? 0 : ""
  }
  return Object.fromEntries(missing.map((column) => [column.name, valueOf(column)]))
}

/** MySQL returns JSON parsed, MariaDB as text. */
const json = Schema.Union(
  Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  Schema.parseJson(),
  Schema.Unknown
)
/** DATETIME(3) arrives as a Date of UTC. */
const sqlTime = Schema.NullOr(
  Schema.DateFromSelf.pipe(
    Schema.transform(Schema.String, {
      strict: true,
      decode: (date) => date.toISOString().replace("T", " ").replace("Z", ""),
      encode: (text) => new Date(`${text.replace(" ", "T")}Z`)
    })
  )
)

/** The columns to dump of each table, as the driver returns them. Optional columns are not dumped. */
const dumped = forEachTable((table) => {
  const schemaOf = (name: string, field: Schema.Schema<unknown>) => {
    const type = columns.find((column) => column.table === table && column.name === name)?.type
    return type === "json" ? json : type === "datetime(3)" ? sqlTime : field
  }
  return Object.fromEntries(
    Object.entries(tables[table].fields).flatMap(([name, field]) =>
      Schema.isSchema(field) ? [[name, schemaOf(name, Schema.make(field.ast))] as const] : []
    )
  )
})

/** Names the tables that have rows: most have none, and a test asks for all of them several times. */
const filledTables = tableNames
  .map((table) => `SELECT '${table}' AS name FROM DUAL WHERE EXISTS (SELECT 1 FROM \`${table}\`)`)
  .join(" UNION ALL ")

const TableNames = Schema.Array(Schema.Struct({ name: Schema.Literal(...tableNames) }))

/** The column that tests fill with any JSON, including strings and null. */
const anyJson = "region_config"

const toDriver = (column: string, value: unknown) => {
  if (column === anyJson) return JSON.stringify(value)
  if (typeof value === "boolean") return value ? 1 : 0
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value
}

const toColumns = (row: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, toDriver(column, value)]))

const world = Layer.effect(
  World,
  Effect.gen(function* () {
    const { query, sql } = (yield* MysqlPools).primary
    const filled = sql.unsafe(filledTables).pipe(
      Effect.flatMap(Schema.decodeUnknown(TableNames)),
      Effect.catchTag("ParseError", Effect.die),
      Effect.map((rows) => rows.map(({ name }) => name))
    )
    const dumps = tableNames.map((table) => {
      const decode = Schema.decodeUnknown(Schema.Array(rowSchema(dumped[table])))
      const names = Object.keys(dumped[table]).map((column) => sql`${sql(column)}`)
      const read = Effect.flatMap(sql`SELECT ${sql.csv(names)} FROM ${sql(table)}`, (rows) =>
        Effect.orDie(decode(rows))
      )
      return { table, rows: Effect.map(read, (rows) => [table, rows] as const) }
    })
    return World.of({
      insert: (table, row) =>
        sql`INSERT INTO ${sql(table)} ${sql.insert({ ...others(table, row), ...toColumns(row) })}`.pipe(
          Effect.asVoid,
          Effect.orDie
        ),
      update: (table, where, set) =>
        sql`UPDATE ${sql(table)} SET ${sql.update(toColumns(set))}
            WHERE ${sql.and(Object.entries(toColumns(where)).map(([column, value]) => sql`${sql(column)} = ${value}`))}`.pipe(
          Effect.asVoid,
          Effect.orDie
        ),
      dump: Effect.flatMap(filled, (names) =>
        Effect.all(dumps.filter(({ table }) => names.includes(table)).map(({ rows }) => rows))
      ).pipe(
        // Decoded column by column above; the union of tables cannot follow that.
        // Repeated like any read: tests kill connections that lie idle in the pool.
        (read) => query("dump", read),
        Effect.map((tables) => sortedRows({ ...noRows, ...(Object.fromEntries(tables) as unknown as Rows) })),
        Effect.orDie
      ),
      clear: Effect.flatMap(filled, (names) =>
        Effect.forEach(names, (table) => sql`DELETE FROM ${sql(table)}`, { discard: true })
      ).pipe(Effect.orDie)
    })
  })
)

/** Options of a pool on a database given as a URL of the test stack. */
export const poolOptions = (url: string): MysqlPoolOptions => {
  const { hostname, password, pathname, port, username } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    ...(password === "" ? {} : { password: Redacted.make(decodeURIComponent(password)) })
  }
}

/** Suppresses the log line of a migration. */
export const quietly = Logger.withMinimumLogLevel(LogLevel.Warning)

/** Pools on a new, migrated database. */
export const freshPools = Layer.unwrapScoped(
  Effect.map(freshDatabase, (url) =>
    Layer.tap(MysqlPoolsLive({ primary: poolOptions(url) }), (context) => Effect.provide(quietly(migrate), context))
  )
)

/** Stores on the given pools, with the surrounding services. */
export const mysqlStores = Layer.mergeAll(
  DbLive,
  DeploymentStoreLive,
  DomainProofStoreLive,
  DomainStoreLive,
  CertificateStoreLive,
  RouteStoreLive,
  RegionStoreLive,
  ClickhouseSettingsStoreLive,
  IdlePreviewStoreLive,
  KeyRefillStoreLive,
  QuotaStoreLive,
  BuildLedgerLive,
  world
)

/** The stores on a new database of the real server. */
export const mysqlWorld = Layer.provideMerge(mysqlStores, freshPools)

/** Pools of a worker on a migrated database, with exactly the privileges of the operators' guide. */
const servingPools = Layer.unwrapScoped(
  Effect.gen(function* () {
    const database = yield* freshDatabase
    yield* Effect.provide(quietly(migrate), MysqlPoolsLive({ primary: poolOptions(database) }))
    return MysqlPoolsLive({
      primary: poolOptions(yield* accountOf(database, "control_plane")),
      replica: poolOptions(yield* accountOf(database, "control_plane_replica"))
    })
  })
)

/** The same with a replica, with accounts that may not change the schema. */
export const servingWorld = Layer.provideMerge(mysqlStores, servingPools)
