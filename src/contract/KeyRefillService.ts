import { Schema } from "effect"
import { Contract } from "effect-restate"
import { longJob } from "./Deadline.ts"
import { DatabaseRefused, InvalidRequest, RunGivenUp } from "./errors.ts"
import { message } from "./protojson.ts"
import { bool, int32, text } from "./scalars.ts"

/**
 * Refills the API keys that are due on one date. The object's key is that date, `YYYY-MM-DD` in UTC; a suffix after a
 * further `-` is ignored, so that a date can be run again as `2026-02-28-again`. An API key is refilled once per date,
 * however often and under whichever object key the run is repeated.
 */
export const KeyRefillService = Contract.object("hydra.v1.KeyRefillService", {
  /**
   * Refills all due keys and answers how many this call refilled; a repeated call refills the keys that became due
   * since. Shared, so that the object is free while the caller waits for the run; `RefillSlice` does the work.
   */
  RunRefill: {
    input: message("hydra.v1.RunRefillRequest", {}),
    output: message("hydra.v1.RunRefillResponse", { keysRefilled: int32 }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp),
    mode: "shared",
    annotations: longJob
  },
  /** A bounded part of the run: starts over, or continues after the last part. Answers how many keys it refilled. */
  RefillSlice: {
    input: message("ctrl_worker.v1.RefillSliceRequest", { fromStart: bool }),
    output: message("ctrl_worker.v1.RefillSliceResponse", { keysRefilled: int32, done: bool }),
    error: Schema.Union(InvalidRequest, DatabaseRefused, RunGivenUp),
    ingress: "private"
  },
  /** Progress of the date's run: `cursor` of `highest`, by row number of the keys. Never waits for the run. */
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
