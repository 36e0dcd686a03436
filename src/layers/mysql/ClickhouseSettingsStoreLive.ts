import type { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Option, Schema } from "effect"
import {
  ClickhouseSettingsStore,
  type LimitsChange,
  StoredLogin
} from "../../services/clickhouseUser/ClickhouseSettingsStore.ts"
import { MysqlPools } from "./MysqlPools.ts"
import { decodeFirst } from "./rows.ts"
import { storeMethods } from "./storeMethods.ts"

const storedLogin = decodeFirst(StoredLogin)
const retention = decodeFirst(Schema.Struct({ days: Schema.Number }))

/** Locks the workspace's row, if any. */
const lockLogin = (sql: SqlClient, workspaceId: string) =>
  storedLogin(sql`
    SELECT username, password_encrypted
    FROM clickhouse_workspace_settings WHERE workspace_id = ${workspaceId} FOR UPDATE`)

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
  if (stored !== null) yield* writeLimits(sql, change)
  return stored
})

const createUnlessStored = Effect.fnUntraced(function* (sql: SqlClient, change: LimitsChange & StoredLogin) {
  const stored = yield* updateStored(sql, change)
  if (stored !== null) return stored
  const { at, limits, passwordEncrypted, username, workspaceId } = change
  const set = { ...limits, maxQueryMemoryBytes: limits.maxQueryMemoryBytes.toString() }
  yield* sql`
    INSERT INTO clickhouse_workspace_settings
    ${sql.insert({ workspaceId, username, passwordEncrypted, ...set, createdAt: at })}`
  return { username, passwordEncrypted }
})

export const ClickhouseSettingsStoreLive: Layer.Layer<ClickhouseSettingsStore, never, MysqlPools> = Layer.effect(
  ClickhouseSettingsStore,
  Effect.map(MysqlPools, ({ primary }) => {
    const { sql } = primary
    const { query, replanned, transaction } = storeMethods("ClickhouseSettingsStore", primary)
    return ClickhouseSettingsStore.of({
      retentionDays: query("retentionDays", (workspaceId: string) =>
        Effect.map(
          retention(sql`SELECT logs_retention_days AS days FROM quota WHERE workspace_id = ${workspaceId}`),
          (row) => Option.fromNullable(row?.days)
        )
      ),
      updateLimits: transaction("updateLimits", (change: LimitsChange) =>
        Effect.map(updateStored(sql, change), Option.fromNullable)
      ),
      create: replanned("create", (change: LimitsChange & StoredLogin) => createUnlessStored(sql, change))
    })
  })
)
