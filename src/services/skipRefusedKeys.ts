import { Effect, Option } from "effect"
import { type DbFailure, DbRefused, isAboutRows } from "./Db.ts"
import type { RefilledBatch, RefillRequest } from "./keyRefill/KeyRefillStore.ts"

/** The queries of a store: refill a batch of keys, and find the first key of a batch. */
export interface RefillQueries {
  readonly refill: (request: RefillRequest) => Effect.Effect<RefilledBatch, DbFailure>
  readonly first: (
    request: RefillRequest
  ) => Effect.Effect<Option.Option<{ readonly cursor: bigint; readonly id: string }>, DbFailure>
}

/**
 * Halves the batch while the database rejects its rows, down to one key, which is then skipped and logged so that it blocks no
 * other. A rejected batch changes nothing. If the database rejects the statement itself, the batch fails: no key could succeed.
 */
export const skipRefusedKeys =
  ({ first, refill }: RefillQueries) =>
  (request: RefillRequest): Effect.Effect<RefilledBatch, DbFailure> =>
    Effect.catchAll(refill(request), (failure) => {
      if (!(failure instanceof DbRefused) || !isAboutRows(failure)) return Effect.fail(failure)
      if (request.limit > 1)
        return skipRefusedKeys({ first, refill })({ ...request, limit: Math.ceil(request.limit / 2) })
      return Effect.flatMap(
        first(request),
        Option.match({
          onNone: () => Effect.fail(failure),
          onSome: ({ cursor, id }) =>
            Effect.as(
              Effect.logError("A key cannot be refilled: the database refuses its rows", {
                key: id,
                problem: failure.message
              }),
              { cursor, refilled: 0, refused: 1, done: false }
            )
        })
      )
    })
