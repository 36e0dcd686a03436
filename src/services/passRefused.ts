import { Effect, Option } from "effect"
import { type DbFailure, DbRefused, isAboutRows } from "./Db.ts"
import type { RefilledBatch, RefillRequest } from "./KeyRefillStore.ts"

/** How a store refills some keys at once, and which key would be the first of them. */
export interface RefillParts {
  readonly refill: (request: RefillRequest) => Effect.Effect<RefilledBatch, DbFailure>
  readonly first: (
    request: RefillRequest
  ) => Effect.Effect<Option.Option<{ readonly cursor: bigint; readonly id: string }>, DbFailure>
}

/**
 * Refills fewer keys when the database refuses the rows of some, down to the one that is refused: that one is passed over,
 * named in the log, so that it holds up no other. A batch that is refused changes nothing. A refusal of the statement itself
 * is the batch's failure: no key could pass.
 */
export const passRefused =
  ({ first, refill }: RefillParts) =>
  (request: RefillRequest): Effect.Effect<RefilledBatch, DbFailure> =>
    Effect.catchAll(refill(request), (failure) => {
      if (!(failure instanceof DbRefused) || !isAboutRows(failure)) return Effect.fail(failure)
      if (request.limit > 1) return passRefused({ first, refill })({ ...request, limit: Math.ceil(request.limit / 2) })
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
