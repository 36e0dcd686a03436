import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, RunGivenUp } from "./errors.ts"
import { message, optional, required } from "./protojson.ts"
import { int32, int64, millis } from "./scalars.ts"

/**
 * Stops idle previews; internal to this worker. The key is `global`, which a part of a run holds for about half a
 * minute, so overlapping runs alternate and skip what the other has stopped.
 */
export const IdlePreviews = Contract.object("ctrl_worker.v1.IdlePreviews", {
  /**
   * Checks some pages of previews after a row number and puts those on standby that had no request since `quietSince`,
   * in Unix milliseconds. Answers when each is on standby or refused; `left` counts those that were neither in time.
   * `next` is the start of the next part, absent after the last one.
   */
  Sweep: {
    input: message("ctrl_worker.v1.SweepIdleRequest", { quietSince: required(millis.schema), after: int64 }),
    output: message("ctrl_worker.v1.SweepIdleResponse", { stopped: int32, left: int32, next: optional(int64) }),
    error: Schema.Union(DatabaseRefused, RunGivenUp),
    ingress: "private"
  }
})
