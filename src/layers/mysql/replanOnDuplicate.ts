import { Effect } from "effect"
import { type DbFailure, DbRefused } from "../../services/Db.ts"

const isDuplicate = (error: DbFailure): boolean => error instanceof DbRefused && error.reason === "duplicate_key"

/**
 * Retries a read-decide-write transaction if another transaction inserted one of its rows after the snapshot: the next snapshot
 * contains that row. Five times, because each retry needs another winner on the same key. A conflicting row outside the
 * snapshot remains an error: it belongs to another owner.
 */
export const replanOnDuplicate = <A, R>(transaction: Effect.Effect<A, DbFailure, R>): Effect.Effect<A, DbFailure, R> =>
  Effect.retry(transaction, { times: 5, while: isDuplicate })
