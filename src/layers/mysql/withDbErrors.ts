import type { SqlError } from "@effect/sql/SqlError"
import { Cause, Chunk, Effect, Option } from "effect"
import { DbError } from "../../services/Db.ts"
import { classifySqlError, findSqlError } from "./classifySqlError.ts"

const toDbError = (operation: string, error: SqlError): DbError => {
  const { reason, errno } = classifySqlError(error)
  return new DbError({ operation, reason, ...(errno === undefined ? {} : { errno }) })
}

/**
 * Turns SQL failures into `DbError`. Defects are searched too: `@effect/sql` dies when COMMIT fails, and that is the
 * lost connection or the deadlock a caller wants to retry. Any other defect, and interruption, passes unchanged.
 */
export const withDbErrors =
  (operation: string) =>
  <A, R>(effect: Effect.Effect<A, SqlError | DbError, R>): Effect.Effect<A, DbError, R> =>
    Effect.catchAllCause(effect, (cause) => {
      const unrelated = Effect.failCause(Cause.stripFailures(cause))
      if (Cause.isInterrupted(cause)) return unrelated
      const errors = [...Chunk.toReadonlyArray(Cause.failures(cause)), ...Chunk.toReadonlyArray(Cause.defects(cause))]
      const known = errors.find((error) => error instanceof DbError)
      if (known !== undefined) return Effect.fail(known)
      const sqlError = Option.firstSomeOf(errors.map(findSqlError))
      return Option.isSome(sqlError) ? Effect.fail(toDbError(operation, sqlError.value)) : unrelated
    })
