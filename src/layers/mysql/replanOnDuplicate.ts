import { Effect } from "effect"
import { type DbFailure, DbRefused } from "../../services/Db.ts"

const isDuplicate = (error: DbFailure): boolean => error instanceof DbRefused && error.reason === "duplicate_key"

/**
 * Runs a read-decide-write transaction again when a row it meant to insert was inserted by somebody else after the
 * snapshot: the next snapshot holds that row. Five times, because each loss needs another winner on the same key. A row that
 * the snapshot does not show stays a refusal: it has that key and belongs to another owner.
 */
export const replanOnDuplicate = <A, R>(transaction: Effect.Effect<A, DbFailure, R>): Effect.Effect<A, DbFailure, R> =>
  Effect.retry(transaction, { times: 5, while: isDuplicate })
