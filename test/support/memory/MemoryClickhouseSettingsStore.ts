import { Effect, Option, Ref } from "effect"
import {
  ClickhouseSettingsStore,
  type LimitsChange,
  type UserLimits
} from "../../../src/services/clickhouseUser/ClickhouseSettingsStore.ts"
import { type Draft, MemoryTables, transaction, updateWhere } from "./MemoryTables.ts"

const columnsOf = (limits: UserLimits) => ({
  quota_duration_seconds: limits.quotaDurationSeconds,
  max_queries_per_window: limits.maxQueriesPerWindow,
  max_execution_time_per_window: limits.maxExecutionTimePerWindow,
  max_query_execution_time: limits.maxQueryExecutionTime,
  max_query_memory_bytes: Number(limits.maxQueryMemoryBytes),
  max_query_result_rows: limits.maxQueryResultRows
})

/** The login of the workspace's row after setting the limits, or none. */
const updateStored = (draft: Draft, { at, limits, workspaceId }: LimitsChange) => {
  const row = draft.clickhouse_workspace_settings.find((it) => it.workspace_id === workspaceId)
  if (row === undefined) return Option.none()
  const columns = columnsOf(limits)
  // Object.entries widens the keys to string; they are columns of the row.
  const isSo = Object.entries(columns).every(([column, value]) => row[column as keyof typeof columns] === value)
  const set = isSo ? {} : { ...columns, updated_at: at }
  updateWhere(draft.clickhouse_workspace_settings, (it) => it.workspace_id === workspaceId, set)
  return Option.some({ username: row.username, passwordEncrypted: row.password_encrypted })
}

export const makeClickhouseSettingsStore = Effect.map(MemoryTables, (tables) => {
  const change = transaction(tables)
  return ClickhouseSettingsStore.of({
    retentionDays: (workspaceId) =>
      Effect.map(Ref.get(tables), ({ quota }) =>
        Option.map(
          Option.fromNullable(quota.find((row) => row.workspace_id === workspaceId)),
          (row) => row.logs_retention_days
        )
      ),
    updateLimits: (limits) => change("ClickhouseSettingsStore.updateLimits", (draft) => updateStored(draft, limits)),
    create: (login) =>
      change("ClickhouseSettingsStore.create", (draft) =>
        Option.getOrElse(updateStored(draft, login), () => {
          const { at, limits, passwordEncrypted, username, workspaceId } = login
          draft.clickhouse_workspace_settings.push({
            workspace_id: workspaceId,
            username,
            password_encrypted: passwordEncrypted,
            ...columnsOf(limits),
            created_at: at,
            updated_at: null
          })
          return { username, passwordEncrypted }
        })
      )
  })
})
