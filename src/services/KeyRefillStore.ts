import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "./Db.ts"

/** A date of the UTC calendar, as far as it decides which keys are due. */
export interface RefillDate {
  /** `YYYY-MM-DD`: what a key is refilled once for. */
  readonly day: string
  /** 1 to 31. */
  readonly dayOfMonth: number
  /** On the last day of a month, keys whose day this month does not have are due too. */
  readonly isLastOfMonth: boolean
}

export interface RefillRequest {
  readonly date: RefillDate
  /** Only keys whose row number is higher; 0 for the first batch. */
  readonly after: bigint
  /** How many keys are refilled at most. */
  readonly limit: number
  /** Unix milliseconds that the rows get: the same in every batch of a run, and in no other run for the date. */
  readonly at: number
  /** Ids of keys that another worker has refilled for this date without leaving our mark. */
  readonly except: ReadonlySet<string>
}

/**
 * `refilled` counts the keys between the two cursors that have been refilled for the date at `at`, by this attempt or an earlier one;
 * `refused`, absent for 0, those that were passed over because the database does not take what belongs to them.
 */
export const RefilledBatch = Schema.Struct({
  cursor: Schema.BigInt,
  refilled: Schema.Number,
  refused: Schema.optionalWith(Schema.Number, { exact: true }),
  done: Schema.Boolean
})
export type RefilledBatch = typeof RefilledBatch.Type

/**
 * Refills keys and writes down that it did. A key is due when it is not deleted, has a refill amount, has fewer requests
 * left than that (or no count at all), and its day is the date's or it has none.
 */
export class KeyRefillStore extends Context.Tag("ctrl-worker/KeyRefillStore")<
  KeyRefillStore,
  {
    /**
     * The next keys in the order of their rows, in one transaction: which are due is decided under their locks, and each of
     * them gets its requests, one `audit_log` row and two `audit_log_target` rows. The id of the `audit_log` row follows
     * from date and key and is the mark that the key was refilled for that date, also when it has been used up since. A key
     * whose rows the database refuses is passed over and named in the log: see `passRefused`.
     */
    readonly refillBatch: (request: RefillRequest) => Effect.Effect<RefilledBatch, DbFailure>
    /** The highest row number of any key, 0 when there are none. */
    readonly highest: Effect.Effect<bigint, DbFailure>
  }
>() {}
