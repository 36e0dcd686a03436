import { Context, type Effect, Schema } from "effect"
import type { DbFailure } from "../Db.ts"

/** A UTC date, as far as it decides which keys are due. */
export interface RefillDate {
  /** `YYYY-MM-DD`. A key is refilled once per date. */
  readonly day: string
  /** 1 to 31. */
  readonly dayOfMonth: number
  /** On the last day of a month, keys with a later day of month are due too. */
  readonly isLastOfMonth: boolean
}

export interface RefillRequest {
  readonly date: RefillDate
  /** Only keys with a higher primary key; 0 for the first batch. */
  readonly after: bigint
  /** Maximum number of keys to refill. */
  readonly limit: number
  /** Unix milliseconds written to the rows: the same in every batch of a run, and different for each run. */
  readonly at: number
  /** Ids of keys that another worker refilled for this date without an audit row of this worker. */
  readonly except: ReadonlySet<string>
}

/**
 * `refilled` counts the keys between the two cursors that have been refilled for the date at `at`, by this attempt or an
 * earlier one. `refused`, absent for 0, counts keys that were skipped because the database rejects their rows.
 */
export const RefilledBatch = Schema.Struct({
  cursor: Schema.BigInt,
  refilled: Schema.Number,
  refused: Schema.optionalWith(Schema.Number, { exact: true }),
  done: Schema.Boolean
})
export type RefilledBatch = typeof RefilledBatch.Type

/**
 * Refills keys and records it. A key is due if it is not deleted, has a refill amount, has fewer requests left than that (or no
 * count), and its refill day is the date's or unset.
 */
export class KeyRefillStore extends Context.Tag("ctrl-worker/KeyRefillStore")<
  KeyRefillStore,
  {
    /**
     * Refills the next keys by primary key in one transaction. Which keys are due is decided under their locks; each gets its
     * requests, one `audit_log` row and two `audit_log_target` rows. The `audit_log` id is derived from date and key and marks
     * the key as refilled for that date, even if it has been used up since. A key whose rows the database rejects is skipped
     * and logged: see `skipRefusedKeys`.
     */
    readonly refillBatch: (request: RefillRequest) => Effect.Effect<RefilledBatch, DbFailure>
    /** The highest primary key of any key; 0 if there are none. */
    readonly highest: Effect.Effect<bigint, DbFailure>
  }
>() {}
