import { Context, type Effect, Schema } from "effect"

/** Why a statement failed that may succeed later. Derived from the server's or driver's error code, never from its text. */
export const DbErrorReason = Schema.Literal(
  "deadlock",
  "lock_wait",
  "connection",
  /** The server rejects the login or lacks the database: an operator must change it, for all statements at once. */
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
 * A statement or transaction that failed after its own retries and may succeed later. It carries no SQL and no parameters,
 * because the journal's events store errors. If the connection was lost during COMMIT, the rows may have been written: every
 * write behind these services is safe to repeat.
 */
export class DbError extends Schema.TaggedError<DbError>()("DbError", {
  operation: Schema.String,
  reason: DbErrorReason,
  errno: Schema.optional(Schema.Number),
  /** Of a socket or the driver, such as ECONNREFUSED, if the server has not answered. */
  code: Schema.optional(Schema.String)
}) {
  readonly retryable = true as const

  override get message(): string {
    return messageOf(this)
  }
}

/**
 * Why the server rejects a statement in a way that a repeat cannot change. The first five concern the rows of the request. The
 * others concern the statement: the schema is not the one this code expects.
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
  /** Identified by its SQLSTATE class alone. */
  "other"
)
export type DbRefusedReason = typeof DbRefusedReason.Type

/**
 * The server rejects the statement and would reject it again; nothing was written. Not retryable, so that the request does not
 * block its key. Carries no SQL and no parameters.
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

/** Whether the same statement could succeed with other rows. */
export const isAboutRows = ({ reason }: DbRefused): boolean => aboutRows.has(reason)

/** `DbError` is transient, `DbRefused` is not. */
export type DbFailure = DbError | DbRefused

/** Open and idle connections and waiting callers of a pool. */
export interface PoolUsage {
  readonly pool: "primary" | "replica" | "health"
  readonly open: number
  readonly idle: number
  readonly waiting: number
}

/** Health and pool usage of the database. */
export class Db extends Context.Tag("ctrl-worker/Db")<
  Db,
  {
    /** One round trip to the primary on a dedicated connection, within 400 ms. At most two concurrent callers. */
    readonly ping: Effect.Effect<void, DbFailure>
    /** Usage of the pools that workflows use. */
    readonly usage: Effect.Effect<ReadonlyArray<PoolUsage>>
  }
>() {}
