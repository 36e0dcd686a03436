import { Effect, Option, Ref } from "effect"
import {
  ClickhouseSettingsStore,
  type LimitsChange,
  type UserLimits
} from "../../../src/services/clickhouseUser/ClickhouseSettingsStore.ts"
import { columnsOf, type Draft, MemoryTables, transaction, updateWhere } from "./MemoryTables.ts"

const limitColumns = (limits: UserLimits) =>
  columnsOf({ ...limits, maxQueryMemoryBytes: Number(limits.maxQueryMemoryBytes) })

/** The login of the workspace's row after setting the limits, or none. */
const updateStored = (draft: Draft, { at, limits, workspaceId }: LimitsChange) => {
  const row = draft.clickhouse_workspace_settings.find((it) => it.workspace_id === workspaceId)
  if (row === undefined) return Option.none()
  const columns = limitColumns(limits)
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
            ...limitColumns(limits),
            created_at: at,
            updated_at: null
          })
          return { username, passwordEncrypted }
        })
      )
  })
})
