import type { TimeKind, UserOperation } from "../../services/clickhouseUser/ClickhouseUsers.ts"
import { constrained, queryLimits, whole } from "./queryLimits.ts"

/** Identifiers and workspace ids are inlined: grants and policies accept no parameters there. */
const checked = (identifier: string): string => {
  if (!/^[A-Za-z0-9_]+$/.test(identifier))
    throw new RangeError("an identifier may hold letters, digits and underscores only")
  return identifier
}
const quoted = (identifier: string): string => `\`${checked(identifier)}\``
const tableName = (table: string): string => `\`default\`.${quoted(table)}`

/** Lower bound of `time` for the last N days: start of a day for timestamps, a date for dates. */
const visibleFrom: Readonly<Record<TimeKind, (days: bigint) => string>> = {
  milliseconds: (days) => `toUnixTimestamp(toStartOfDay(now() - toIntervalDay(${days}))) * 1000`,
  datetime: (days) => `toStartOfDay(now() - toIntervalDay(${days}))`,
  date: (days) => `today() - ${days}`
}

/** The row policy's condition: the workspace's own and recent rows. */
export const rowCondition = (filter: Extract<UserOperation, { readonly _tag: "FilterRows" }>): string =>
  `workspace_id = '${checked(filter.workspaceId)}' AND time >= ${visibleFrom[filter.table.time](BigInt(filter.days))}`

/** The statement of an operation. `{password:String}` is its only parameter, if any. */
export const statementOf = (operation: UserOperation): string => {
  const user = quoted(operation.user)
  switch (operation._tag) {
    case "CreateUser":
      return `CREATE USER IF NOT EXISTS ${user} IDENTIFIED WITH sha256_password BY {password:String}`
    case "SetPassword":
      return `ALTER USER ${user} IDENTIFIED WITH sha256_password BY {password:String}`
    case "FilterRows":
      return `CREATE ROW POLICY OR REPLACE ${quoted(operation.name)} ON ${tableName(operation.table.name)} AS PERMISSIVE FOR SELECT USING ${rowCondition(operation)} TO ${user}`
    case "LimitUse":
      return `CREATE QUOTA OR REPLACE ${quoted(operation.name)} FOR INTERVAL ${whole(operation.seconds)} SECOND MAX queries = ${whole(operation.queries)}, execution_time = ${whole(operation.executionSeconds)} TO ${user}`
    case "LimitQueries":
      return `CREATE SETTINGS PROFILE OR REPLACE ${quoted(operation.name)} SETTINGS ${queryLimits(operation).map(constrained).join(", ")} TO ${user}`
    case "ReplaceGrants":
      return `GRANT ${operation.tables.map((table) => `SELECT ON ${tableName(table)}`).join(", ")} TO ${user} WITH REPLACE OPTION`
  }
}

export const takesPassword = ({ _tag }: UserOperation): boolean => _tag === "CreateUser" || _tag === "SetPassword"
