import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, RunGivenUp } from "./errors.ts"
import { message, optional, required } from "./protojson.ts"
import { int32, int64, millis } from "./scalars.ts"

/**
 * Our own: the search for idle previews. The key is `global`, which a part of a run holds for about half a minute: runs that
 * overlap take turns, and find standing by what another one has stopped.
 */
export const IdlePreviews = Contract.object("ctrl_worker.v1.IdlePreviews", {
  /**
   * Looks through some pages of previews after a row number and puts those on standby that have had no request since
   * `quietSince`, in Unix milliseconds. Ends when each of them stands by, or is refused; `left` counts those that did neither in
   * time. `next` is where the next part begins, absent after the last one.
   */
  Sweep: {
    input: message("ctrl_worker.v1.SweepIdleRequest", { quietSince: required(millis.schema), after: int64 }),
    output: message("ctrl_worker.v1.SweepIdleResponse", { stopped: int32, left: int32, next: optional(int64) }),
    error: Schema.Union(DatabaseRefused, RunGivenUp),
    ingress: "private"
  }
})
