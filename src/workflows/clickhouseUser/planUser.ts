import type { Input } from "effect-restate"
import type { ClickhouseUserService } from "../../contract/ClickhouseUserService.ts"
import type { UserLimits } from "../../services/ClickhouseSettingsStore.ts"
import type { SharedTable, TimeKind, UserOperation } from "../../services/ClickhouseUsers.ts"

type ConfigureInput = Input<typeof ClickhouseUserService, "ConfigureUser">

/** What a workspace gets when nobody says otherwise. */
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

/** True for what may stand in a statement as a name: ClickHouse takes no parameters where users and policies are named. */
export const isIdentifier = (text: string): boolean => /^[A-Za-z0-9_]{1,256}$/.test(text)

const timeByResolution: Readonly<Record<string, TimeKind>> = {
  raw: "milliseconds",
  per_minute: "datetime",
  per_hour: "datetime",
  per_day: "date",
  per_month: "date"
}

/** How a table stores its time, by the resolution and version that its name ends with; DateTime when it has neither. */
export const timeOf = (table: string): TimeKind => {
  const resolution = /_(raw|per_minute|per_hour|per_day|per_month)_v\d+$/.exec(table)?.[1]
  return (resolution === undefined ? undefined : timeByResolution[resolution]) ?? "datetime"
}

/** What a workspace may read of itself: its key verifications, in every resolution. */
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

/** 20 years. ClickHouse's dates begin in 1970 and wrap around below: a longer retention would hide everything. */
const maxRetentionDays = 7300

export interface UserWish {
  readonly workspaceId: string
  readonly user: string
  readonly limits: UserLimits
  /** Days before today of which rows stay visible. */
  readonly retentionDays: number
}

/**
 * Everything that makes a workspace's user what it should be, in an order in which no moment is worse than what was before.
 * The password first: from then on the stored one opens the door. Then filters and limits, which take nothing from anybody
 * who has rights already, and only then the rights, replaced in one statement. So a new user never reads an unfiltered
 * table, and an existing one is never without its tables. The same wish gives the same operations: safe to repeat.
 */
export const planUser = ({ limits, retentionDays, user, workspaceId }: UserWish): ReadonlyArray<UserOperation> => {
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
