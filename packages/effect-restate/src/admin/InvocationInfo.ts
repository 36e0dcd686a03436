import { Schema } from "effect"

/** As `sys_invocation` says it. `pending`: waits for its key; `scheduled`: for its time; `backing-off`: for its next try. */
export const invocationStatuses = [
  "pending",
  "scheduled",
  "ready",
  "running",
  "suspended",
  "backing-off",
  "paused",
  "completed"
] as const
export type InvocationStatus = (typeof invocationStatuses)[number]

/** Restate leaves out what is null. */
const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

/**
 * One invocation. The texts of its failures are not part of it: they may quote what it worked with. `query` reads them from
 * `last_failure` and `completion_failure`.
 */
export const InvocationInfo = Schema.Struct({
  id: Schema.String,
  service: Schema.String,
  handler: Schema.String,
  key: nullable(Schema.String),
  idempotencyKey: nullable(Schema.String),
  status: Schema.Literal(...invocationStatuses),
  /** Of a completed one. */
  result: nullable(Schema.Literal("success", "failure")),
  /** How often it has been tried, while it runs or waits for its next try. */
  attempts: nullable(Schema.Number),
  createdAt: Schema.Date,
  modifiedAt: Schema.Date,
  /** When a delayed one starts. */
  scheduledFor: nullable(Schema.Date),
  /** When it first ran, having got its key if it has one. */
  startedAt: nullable(Schema.Date),
  /** When its last attempt began, while it runs or waits for its next try. */
  attemptedAt: nullable(Schema.Date),
  completedAt: nullable(Schema.Date),
  /** The deployment that it stays on. */
  deploymentId: nullable(Schema.String),
  /** Restate's code of the last failure, such as `RT0007`, while the invocation runs or waits for its next try. */
  failureCode: nullable(Schema.String),
  /** The name of the operation that failed last: a step's own. */
  failedOperation: nullable(Schema.String)
})
export interface InvocationInfo extends Schema.Schema.Type<typeof InvocationInfo> {}

/** The columns of `sys_invocation` that hold it, for a `query` of your own. Restate 1.7 fills scheduled_start_at only where scheduled_at is asked for too. */
export const invocationColumns = `id, target_service_name AS service, target_handler_name AS handler, target_service_key AS "key",
  idempotency_key AS "idempotencyKey", status, completion_result AS result, retry_count AS attempts, created_at AS "createdAt",
  modified_at AS "modifiedAt", scheduled_at, scheduled_start_at AS "scheduledFor", running_at AS "startedAt",
  last_start_at AS "attemptedAt", completed_at AS "completedAt",
  pinned_deployment_id AS "deploymentId", last_failure_error_code AS "failureCode",
  last_failure_related_command_name AS "failedOperation"`
