import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Schema } from "effect"
import { decodeRows } from "../layers/mysql/rows.ts"
import type { OwnIndex } from "./createIndex.ts"
import { type Migration, migrations } from "./migrations.ts"
import { AppliedMigration, compareSchema } from "./schemaState.ts"

const appliedRows = decodeRows(AppliedMigration)
const nameRows = decodeRows(Schema.Struct({ name: Schema.String }))
const indexRows = decodeRows(Schema.Struct({ name: Schema.String, onTable: Schema.String }))

const bookkeeping = "control_plane_migrations"

/** Tables of Unkey v2.0.88 and later. The column `deployments.app_id` came with them. */
const laterTables = ["apps", "deployment_changes"]

const readTables = (sql: SqlClient) =>
  Effect.map(
    nameRows(
      sql`SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = DATABASE() AND ${sql.in("table_name", [bookkeeping, ...laterTables])}`
    ),
    (rows) => rows.map(({ name }) => name)
  )

const readLaterColumns = (sql: SqlClient) =>
  nameRows(
    sql`SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'deployments' AND column_name = 'app_id'`
  )

const readMissingIndexes = (sql: SqlClient, applied: ReadonlyArray<Migration>) => {
  const expected = applied.flatMap(({ indexes }) => indexes)
  if (expected.length === 0) return Effect.succeed<ReadonlyArray<OwnIndex>>([])
  const names = expected.map(({ name }) => name)
  const select = sql`SELECT DISTINCT index_name AS name, table_name AS onTable FROM information_schema.statistics
                     WHERE table_schema = DATABASE() AND ${sql.in("index_name", names)}`
  return Effect.map(indexRows(select), (rows) =>
    expected.filter(({ name, table }) => !rows.some((row) => row.name === name && row.onTable === table))
  )
}

/** Reads what the database has. Needs SELECT alone, and changes nothing. */
export const readSchema = Effect.fnUntraced(function* (sql: SqlClient) {
  const tables = yield* readTables(sql)
  const columns = yield* readLaterColumns(sql)
  const rows = tables.includes(bookkeeping)
    ? yield* appliedRows(sql`SELECT id, name FROM control_plane_migrations ORDER BY id`)
    : []
  const state = compareSchema(migrations, rows)
  return {
    ...state,
    unserved: [
      ...laterTables.filter((name) => tables.includes(name)).map((name) => `table ${name}`),
      ...columns.map(({ name }) => `column deployments.${name}`)
    ],
    missingIndexes: yield* readMissingIndexes(sql, state.applied)
  }
})
