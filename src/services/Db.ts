import { Context, type Effect, Schema } from "effect"

/**
 * Why a statement failed, from the server's error number or the driver's error code, never from its text.
 * `duplicate_key` and `constraint` mean that the rows disagree with what we believed; the others pass with time.
 */
export const DbErrorReason = Schema.Literal(
  "deadlock",
  "lock_wait",
  "duplicate_key",
  "constraint",
  "connection",
  "read_only",
  "too_many_connections",
  "timeout",
  "unknown"
)
export type DbErrorReason = typeof DbErrorReason.Type

/**
 * A statement or transaction that did not succeed, after its own retries. Class: retry. It carries no SQL and no
 * parameters, because an error is written to the journal's events. When the connection was lost during COMMIT the
 * rows may have been written: every write behind these services is safe to repeat.
 */
export class DbError extends Schema.TaggedError<DbError>()("DbError", {
  operation: Schema.String,
  reason: DbErrorReason,
  errno: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    const code = this.errno === undefined ? "" : ` (${this.errno})`
    return `${this.operation}: ${this.reason}${code}`
  }
}

/** Connections in use, idle and wanted, per pool. */
export interface PoolUsage {
  readonly pool: "primary" | "replica"
  readonly open: number
  readonly idle: number
  readonly waiting: number
}

/** The database as an operator sees it: is it reachable, and are its pools exhausted. */
export class Db extends Context.Tag("ctrl-worker/Db")<
  Db,
  {
    /** One round trip to the primary. */
    readonly ping: Effect.Effect<void, DbError>
    readonly usage: Effect.Effect<ReadonlyArray<PoolUsage>>
  }
>() {}
