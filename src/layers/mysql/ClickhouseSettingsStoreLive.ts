import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Schema } from "effect"
import {
  ClickhouseSettingsStore,
  type LimitsChange,
  StoredLogin
} from "../../services/clickhouseUser/ClickhouseSettingsStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { replanOnDuplicate } from "./replanOnDuplicate.ts"
import { decodeRows } from "./rows.ts"

const loginRows = decodeRows(StoredLogin)
const retentionRows = decodeRows(Schema.Struct({ days: Schema.Number }))

/** Locks the workspace's row, if any. */
const lockLogin = (sql: SqlClient, workspaceId: string) =>
  Effect.map(
    loginRows(sql`
      SELECT username, password_encrypted AS passwordEncrypted
      FROM clickhouse_workspace_settings WHERE workspace_id = ${workspaceId} FOR UPDATE`),
    ([row]) => row
  )

/** Writes nothing if the limits are unchanged, not even `updated_at`. */
const writeLimits = (sql: SqlClient, { at, limits, workspaceId }: LimitsChange) => {
  const memory = limits.maxQueryMemoryBytes.toString()
  return sql`
    UPDATE clickhouse_workspace_settings SET
      quota_duration_seconds = ${limits.quotaDurationSeconds}, max_queries_per_window = ${limits.maxQueriesPerWindow},
      max_execution_time_per_window = ${limits.maxExecutionTimePerWindow},
      max_query_execution_time = ${limits.maxQueryExecutionTime}, max_query_memory_bytes = ${memory},
      max_query_result_rows = ${limits.maxQueryResultRows}, updated_at = ${at}
    WHERE workspace_id = ${workspaceId} AND NOT (
      quota_duration_seconds = ${limits.quotaDurationSeconds} AND max_queries_per_window = ${limits.maxQueriesPerWindow}
      AND max_execution_time_per_window = ${limits.maxExecutionTimePerWindow}
      AND max_query_execution_time = ${limits.maxQueryExecutionTime} AND max_query_memory_bytes = ${memory}
      AND max_query_result_rows = ${limits.maxQueryResultRows})`
}

/** Updates an existing row; its first login stays. */
const updateStored = Effect.fnUntraced(function* (sql: SqlClient, change: LimitsChange) {
  const stored = yield* lockLogin(sql, change.workspaceId)
  if (stored !== undefined) yield* writeLimits(sql, change)
  return stored
})

const createUnlessStored = Effect.fnUntraced(function* (sql: SqlClient, change: LimitsChange & StoredLogin) {
  const stored = yield* updateStored(sql, change)
  if (stored !== undefined) return stored
  const { at, limits, passwordEncrypted, username, workspaceId } = change
  yield* sql`
    INSERT INTO clickhouse_workspace_settings
      (workspace_id, username, password_encrypted, quota_duration_seconds, max_queries_per_window,
       max_execution_time_per_window, max_query_execution_time, max_query_memory_bytes, max_query_result_rows, created_at)
    VALUES (${workspaceId}, ${username}, ${passwordEncrypted}, ${limits.quotaDurationSeconds},
            ${limits.maxQueriesPerWindow}, ${limits.maxExecutionTimePerWindow}, ${limits.maxQueryExecutionTime},
            ${limits.maxQueryMemoryBytes.toString()}, ${limits.maxQueryResultRows}, ${at})`
  return { username, passwordEncrypted }
})

export const ClickhouseSettingsStoreLive: Layer.Layer<ClickhouseSettingsStore, never, MysqlPools> = Layer.effect(
  ClickhouseSettingsStore,
  Effect.gen(function* () {
    const { query, sql, transaction } = (yield* MysqlPools).primary

    const retentionDays = Effect.fn("ClickhouseSettingsStore.retentionDays")(function* (workspaceId: string) {
      const [row] = yield* query(
        "ClickhouseSettingsStore.retentionDays",
        retentionRows(sql`SELECT logs_retention_days AS days FROM quota WHERE workspace_id = ${workspaceId}`)
      )
      return Option.map(Option.fromNullable(row), ({ days }) => days)
    })

    const updateLimits = Effect.fn("ClickhouseSettingsStore.updateLimits")((change: LimitsChange) =>
      Effect.map(transaction("ClickhouseSettingsStore.updateLimits", updateStored(sql, change)), Option.fromNullable)
    )

    const create = Effect.fn("ClickhouseSettingsStore.create")((change: LimitsChange & StoredLogin) =>
      replanOnDuplicate(transaction("ClickhouseSettingsStore.create", createUnlessStored(sql, change)))
    )

    return ClickhouseSettingsStore.of({ retentionDays, updateLimits, create })
  })
)
