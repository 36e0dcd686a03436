import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import type { MysqlPool } from "../layers/mysql/MysqlPool.ts"
import { decodeRows } from "../layers/mysql/rows.ts"
import type { OwnIndex } from "./createIndex.ts"
import { type Migration, migrationsIn } from "./migrations.ts"
import { AppliedMigration, compareSchema } from "./schemaState.ts"

const appliedRows = decodeRows(AppliedMigration)
const nameRows = decodeRows(Schema.Struct({ name: Schema.String }))
const indexRows = decodeRows(Schema.Struct({ name: Schema.String, onTable: Schema.String, isShared: Schema.Boolean }))

const bookkeeping = "control_plane_migrations"

type Connected = Pick<MysqlPool, "ownDatabase" | "ownTable" | "sql">

/** Tables of Unkey v2.0.88 and later, which also added the column `deployments.app_id`. */
const newerTables = ["apps", "deployment_changes"]

const readTables = (sql: SqlClient, names: ReadonlyArray<string>, database?: string) =>
  Effect.map(
    nameRows(
      sql`SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = COALESCE(${database ?? null}, DATABASE()) AND ${sql.in("table_name", names)}`
    ),
    (rows) => rows.map(({ name }) => name)
  )

const readNewerColumns = (sql: SqlClient) =>
  nameRows(
    sql`SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'deployments' AND column_name = 'app_id'`
  )

const readMissingIndexes = ({ ownDatabase, sql }: Connected, applied: ReadonlyArray<Migration>) => {
  const expected = applied.flatMap(({ indexes }) => indexes)
  if (expected.length === 0) return Effect.succeed<ReadonlyArray<OwnIndex>>([])
  const names = expected.map(({ name }) => name)
  const select = sql`
    SELECT DISTINCT index_name AS name, table_name AS onTable,
           CASE WHEN table_schema = DATABASE() THEN 1 ELSE 0 END AS isShared
    FROM information_schema.statistics
    WHERE table_schema IN (DATABASE(), ${ownDatabase ?? null}) AND ${sql.in("index_name", names)}`
  return Effect.map(indexRows(select), (rows) =>
    expected.filter(
      ({ database, name, table }) =>
        !rows.some((row) => row.name === name && row.onTable === table && row.isShared === (database === undefined))
    )
  )
}

/** Reads the schema state of the database. Needs only SELECT and changes nothing. */
export const readSchema = Effect.fnUntraced(function* (connected: Connected) {
  const { ownDatabase, ownTable, sql } = connected
  const tables = yield* readTables(sql, newerTables)
  const columns = yield* readNewerColumns(sql)
  const [kept] = yield* readTables(sql, [bookkeeping], ownDatabase)
  const rows =
    kept === undefined ? [] : yield* appliedRows(sql`SELECT id, name FROM ${ownTable(bookkeeping)} ORDER BY id`)
  const state = compareSchema(migrationsIn(ownDatabase), rows)
  return {
    ...state,
    unsupported: [
      ...newerTables.filter((name) => tables.includes(name)).map((name) => `table ${name}`),
      ...columns.map(({ name }) => `column deployments.${name}`)
    ],
    missingIndexes: yield* readMissingIndexes(connected, state.applied)
  }
})
