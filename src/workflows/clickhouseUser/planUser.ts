import type { Input } from "effect-restate"
import type { ClickhouseUserService } from "../../contract/ClickhouseUserService.ts"
import type { UserLimits } from "../../services/clickhouseUser/ClickhouseSettingsStore.ts"
import type { SharedTable, TimeKind, UserOperation } from "../../services/clickhouseUser/ClickhouseUsers.ts"

type ConfigureInput = Input<typeof ClickhouseUserService, "ConfigureUser">

/** Default limits of a workspace. */
export const defaultLimits: UserLimits = {
  quotaDurationSeconds: 3600,
  maxQueriesPerWindow: 1000,
  maxExecutionTimePerWindow: 1800,
  maxQueryExecutionTime: 30,
  maxQueryMemoryBytes: 1_000_000_000n,
  maxQueryResultRows: 10_000_000
}

const orDefault = <A extends number | bigint>(asked: A, fallback: A): A => (asked > 0 ? asked : fallback)

/** Absent, zero and negative mean the default. */
export const limitsOf = (asked: ConfigureInput): UserLimits => ({
  quotaDurationSeconds: orDefault(asked.quotaDurationSeconds, defaultLimits.quotaDurationSeconds),
  maxQueriesPerWindow: orDefault(asked.maxQueriesPerWindow, defaultLimits.maxQueriesPerWindow),
  maxExecutionTimePerWindow: orDefault(asked.maxExecutionTimePerWindow, defaultLimits.maxExecutionTimePerWindow),
  maxQueryExecutionTime: orDefault(asked.maxQueryExecutionTime, defaultLimits.maxQueryExecutionTime),
  maxQueryMemoryBytes: orDefault(asked.maxQueryMemoryBytes, defaultLimits.maxQueryMemoryBytes),
  maxQueryResultRows: orDefault(asked.maxQueryResultRows, defaultLimits.maxQueryResultRows)
})

/** Whether a text may be a name in a statement: ClickHouse takes no parameters for names of users and policies. */
export const isIdentifier = (text: string): boolean => /^[A-Za-z0-9_]{1,256}$/.test(text)

const timeByResolution: Readonly<Record<string, TimeKind>> = {
  raw: "milliseconds",
  per_minute: "datetime",
  per_hour: "datetime",
  per_day: "date",
  per_month: "date"
}

/** A table's time column, by the resolution and version at the end of its name; DateTime without them. */
export const timeOf = (table: string): TimeKind => {
  const resolution = /_(raw|per_minute|per_hour|per_day|per_month)_v\d+$/.exec(table)?.[1]
  return (resolution === undefined ? undefined : timeByResolution[resolution]) ?? "datetime"
}

/** The tables that a workspace may read: its key verifications, in every resolution. */
export const sharedTables: ReadonlyArray<SharedTable> = [
  "key_verifications_raw_v2",
  "key_verifications_per_minute_v2",
  "key_verifications_per_minute_v3",
  "key_verifications_per_hour_v2",
  "key_verifications_per_hour_v3",
  "key_verifications_per_day_v2",
  "key_verifications_per_day_v3",
  "key_verifications_per_month_v2",
  "key_verifications_per_month_v3"
].map((name) => ({ name, time: timeOf(name) }))

/** 20 years. ClickHouse dates begin in 1970 and wrap around below, so a longer retention would hide every row. */
const maxRetentionDays = 7300

export interface DesiredUser {
  readonly workspaceId: string
  readonly user: string
  readonly limits: UserLimits
  /** Days before today whose rows are visible. */
  readonly retentionDays: number
}

/**
 * The operations that create or update a workspace's user, in a safe order: the password first, so that the stored one
 * is valid; then row filters and limits; the grants last, replaced in one statement. A new user never reads an
 * unfiltered table, and an existing user never loses its tables in between. Deterministic and safe to repeat.
 */
export const planUser = ({ limits, retentionDays, user, workspaceId }: DesiredUser): ReadonlyArray<UserOperation> => {
  const days = Math.min(Math.max(Math.trunc(retentionDays), 0), maxRetentionDays)
  const filters = sharedTables.map(
    (table): UserOperation => ({
      _tag: "FilterRows",
      name: `workspace_${workspaceId}_rls`,
      user,
      workspaceId,
      table,
      days
    })
  )
  return [
    { _tag: "CreateUser", user },
    { _tag: "SetPassword", user },
    ...filters,
    {
      _tag: "LimitUse",
      name: `workspace_${workspaceId}_quota`,
      user,
      seconds: limits.quotaDurationSeconds,
      queries: limits.maxQueriesPerWindow,
      executionSeconds: limits.maxExecutionTimePerWindow
    },
    {
      _tag: "LimitQueries",
      name: `workspace_${workspaceId}_profile`,
      user,
      executionSeconds: limits.maxQueryExecutionTime,
      memoryBytes: limits.maxQueryMemoryBytes,
      resultRows: limits.maxQueryResultRows
    },
    { _tag: "ReplaceGrants", user, tables: sharedTables.map(({ name }) => name) }
  ]
}
