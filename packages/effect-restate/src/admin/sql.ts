import type { InvocationFilter } from "./AdminClient.ts"
import { invocationColumns } from "./InvocationInfo.ts"

/**
 * A value as SQL. Restate's engine, DataFusion, knows one escape within single quotes: the doubled quote. A backslash is itself.
 */
export const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`

const defaultLimit = 100

const equal = (column: string, value: string | undefined): ReadonlyArray<string> =>
  value === undefined ? [] : [`${column} = ${sqlText(value)}`]

const afterOf = ({ after }: InvocationFilter): ReadonlyArray<string> => {
  if (after === undefined) return []
  const at = sqlText(after.createdAt.toISOString())
  return [`(created_at > ${at} OR (created_at = ${at} AND id > ${sqlText(after.id)}))`]
}

const statusIn = ({ status }: InvocationFilter): ReadonlyArray<string> => {
  if (status === undefined) return []
  return status.length === 0 ? ["false"] : [`status IN (${status.map(sqlText).join(", ")})`]
}

/** The query for one page of invocations, the oldest first. */
export const invocationsQuery = (filter: InvocationFilter): string => {
  const conditions = [
    ...equal("target_service_name", filter.service),
    ...equal("target_handler_name", filter.handler),
    ...equal("target_service_key", filter.key),
    ...equal("idempotency_key", filter.idempotencyKey),
    ...statusIn(filter),
    ...afterOf(filter)
  ]
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`
  const limit = Math.max(0, Math.trunc(filter.limit ?? defaultLimit))
  return `SELECT ${invocationColumns} FROM sys_invocation${where} ORDER BY created_at, id LIMIT ${limit}`
}

/** The query for one invocation, which Restate finds by its id. */
export const invocationQuery = (id: string): string =>
  `SELECT ${invocationColumns} FROM sys_invocation WHERE id = ${sqlText(id)}`
