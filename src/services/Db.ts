import { Context, type Effect, Schema } from "effect"

/** Why a statement failed that may succeed later, from the server's error number or the driver's error code, never from its text. */
export const DbErrorReason = Schema.Literal(
  "deadlock",
  "lock_wait",
  "connection",
  /** The server refuses the login, or does not have the database: what an operator changes, for all statements at once. */
  "login",
  "read_only",
  "too_many_connections",
  "timeout",
  "unknown"
)
export type DbErrorReason = typeof DbErrorReason.Type

const messageOf = ({
  errno,
  operation,
  reason
}: {
  readonly operation: string
  readonly reason: string
  readonly errno?: number | undefined
}): string => `${operation}: ${reason}${errno === undefined ? "" : ` (${errno})`}`

/**
 * A statement or transaction that did not succeed, after its own retries, and may succeed later. It carries no SQL and no
 * parameters, because an error is written to the journal's events. When the connection was lost during COMMIT the rows may
 * have been written: every write behind these services is safe to repeat.
 */
export class DbError extends Schema.TaggedError<DbError>()("DbError", {
  operation: Schema.String,
  reason: DbErrorReason,
  errno: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return messageOf(this)
  }
}

/**
 * Why a server refuses a statement in a way that a repeat cannot change. The first five are about the rows of the request,
 * the others about the statement, whatever its rows: the schema is not the one that this code was written for.
 */
export const DbRefusedReason = Schema.Literal(
  "duplicate_key",
  "constraint",
  "too_long",
  "out_of_range",
  "wrong_value",
  "unknown_object",
  "denied",
  "syntax",
  /** Known by its SQLSTATE class alone. */
  "other"
)
export type DbRefusedReason = typeof DbRefusedReason.Type

/**
 * The server refuses the statement and would refuse it again: nothing was written. Not retryable. What waits behind the
 * request must not wait for it. Carries no SQL and no parameters.
 */
export class DbRefused extends Schema.TaggedError<DbRefused>()("DbRefused", {
  operation: Schema.String,
  reason: DbRefusedReason,
  errno: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return messageOf(this)
  }
}

const aboutRows: ReadonlySet<DbRefusedReason> = new Set<DbRefusedReason>([
  "duplicate_key",
  "constraint",
  "too_long",
  "out_of_range",
  "wrong_value"
])

/** Whether the same statement may succeed with other rows. */
export const isAboutRows = ({ reason }: DbRefused): boolean => aboutRows.has(reason)

/** How a statement fails: `DbError` passes with time, `DbRefused` does not. */
export type DbFailure = DbError | DbRefused

/** Connections in use, idle and wanted, per pool. */
export interface PoolUsage {
  readonly pool: "primary" | "replica" | "health"
  readonly open: number
  readonly idle: number
  readonly waiting: number
}

/** The database as an operator sees it: is it reachable, and are its pools exhausted. */
export class Db extends Context.Tag("ctrl-worker/Db")<
  Db,
  {
    /** One round trip to the primary, on a connection of its own, within 400 ms. At most two callers at a time. */
    readonly ping: Effect.Effect<void, DbFailure>
    /** Of the pools that workflows use. */
    readonly usage: Effect.Effect<ReadonlyArray<PoolUsage>>
  }
>() {}
