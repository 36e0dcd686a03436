import type { SqlError } from "@effect/sql/SqlError"
import { Cause, Chunk, Effect, Option, Schema } from "effect"
import { DbError, type DbFailure, DbRefused, DbRefusedReason } from "../../services/Db.ts"
import { classifySqlError, findSqlError } from "./classifySqlError.ts"

const isRefusedReason = Schema.is(DbRefusedReason)

const toDbFailure = (operation: string, error: SqlError): DbFailure => {
  const { reason, errno, code } = classifySqlError(error)
  const number = errno === undefined ? {} : { errno }
  return isRefusedReason(reason)
    ? new DbRefused({ operation, reason, ...number })
    : new DbError({ operation, reason, ...number, ...(code === undefined ? {} : { code }) })
}

/**
 * Maps transient SQL failures to `DbError` and permanent ones to `DbRefused`. Also searches defects: `@effect/sql` dies if
 * COMMIT fails, which can be a lost connection or a deadlock to retry. Other defects and interruption pass unchanged.
 */
export const withDbErrors =
  (operation: string) =>
  <A, R>(effect: Effect.Effect<A, SqlError | DbFailure, R>): Effect.Effect<A, DbFailure, R> =>
    Effect.catchAllCause(effect, (cause) => {
      const unrelated = Effect.failCause(Cause.stripFailures(cause))
      if (Cause.isInterrupted(cause)) return unrelated
      const errors = [...Chunk.toReadonlyArray(Cause.failures(cause)), ...Chunk.toReadonlyArray(Cause.defects(cause))]
      const known = errors.find((error) => error instanceof DbError || error instanceof DbRefused)
      if (known !== undefined) return Effect.fail(known)
      const sqlError = Option.firstSomeOf(errors.map(findSqlError))
      return Option.isSome(sqlError) ? Effect.fail(toDbFailure(operation, sqlError.value)) : unrelated
    })
