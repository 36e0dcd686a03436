import { Effect } from "effect"
import type { DbError } from "../../services/Db.ts"

/**
 * Runs a read-decide-write transaction again when a row it meant to insert was inserted by somebody else after the
 * snapshot: the next snapshot holds that row. Five times, because each loss needs another winner on the same key.
 */
export const replanOnDuplicate = <A, R>(transaction: Effect.Effect<A, DbError, R>): Effect.Effect<A, DbError, R> =>
  Effect.retry(transaction, { times: 5, while: (error) => error.reason === "duplicate_key" })
