import { Schema } from "effect"
import { InvocationInfo, invocationColumns } from "effect-restate/admin"

/** Restate leaves out columns that are null. */
export const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

/** A row of `sys_invocation`, with its trace and its next try. */
export const TracedInvocation = Schema.Struct({
  ...InvocationInfo.fields,
  traceId: nullable(Schema.String),
  nextRetryAt: nullable(Schema.Date)
})

/** The columns of the row. */
export const tracedColumns = `${invocationColumns}, trace_id AS "traceId", next_retry_at AS "nextRetryAt"`

/** The row with times in Unix milliseconds, without what its last attempt failed with. */
export const traced = (row: typeof TracedInvocation.Type) => ({
  id: row.id,
  service: row.service,
  handler: row.handler,
  key: row.key,
  status: row.status,
  result: row.result,
  createdAt: row.createdAt.getTime(),
  startedAt: row.startedAt?.getTime() ?? null,
  modifiedAt: row.modifiedAt.getTime(),
  dueAt: row.scheduledFor?.getTime() ?? null,
  completedAt: row.completedAt?.getTime() ?? null,
  attempts: row.attempts ?? 0,
  nextRetryAt: row.nextRetryAt?.getTime() ?? null,
  traceId: row.traceId
})
