import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, InvalidRequest, RunGivenUp } from "./errors.ts"
import { message } from "./protojson.ts"
import { bool, int32, text } from "./scalars.ts"

/**
 * Gives keys the requests that they are due on one date. The key is that date, `YYYY-MM-DD` in UTC; what follows after a
 * further `-` is ignored, so that a date can be gone through again as `2026-02-28-again`. Whatever is repeated, at once or
 * later and under whichever of these keys, a key is refilled once per date.
 */
export const KeyRefillService = Contract.object("hydra.v1.KeyRefillService", {
  /**
   * Goes through all keys and answers, once it is over, how many of them this call has refilled: a repeated one refills the keys
   * that became due since. Shared, because a caller may wait for as long as a run takes and must not hold the object meanwhile:
   * the work is done by `RefillSlice`.
   */
  RunRefill: {
    input: message("hydra.v1.RunRefillRequest", {}),
    output: message("hydra.v1.RunRefillResponse", { keysRefilled: int32 }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp),
    mode: "shared"
  },
  /** A bounded part of the run: begins anew, or goes on where the last one ended. Answers what itself has refilled. */
  RefillSlice: {
    input: message("ctrl_worker.v1.RefillSliceRequest", { fromStart: bool }),
    output: message("ctrl_worker.v1.RefillSliceResponse", { keysRefilled: int32, done: bool }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp),
    ingress: "private"
  },
  /** How far the run of the date is: `cursor` of `highest` by the row number of keys. Never waits for the run. */
  Progress: {
    input: message("ctrl_worker.v1.ProgressRequest", {}),
    output: message("ctrl_worker.v1.ProgressResponse", {
      keysRefilled: int32,
      done: bool,
      cursor: text(20),
      highest: text(20)
    }),
    error: Schema.Union(InvalidRequest, DatabaseRefused),
    mode: "shared"
  }
})
