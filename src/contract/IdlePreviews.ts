import { Schema } from "effect"
import { DatabaseRefused } from "./errors.ts"
import { message, required } from "./protojson.ts"
import { bool, millis, text } from "./scalars.ts"

/**
 * Our own: the search for idle previews, one at a time. The key is `global`. A run is a chain of short invocations, so that
 * none holds the key for long; a run that stopped making progress gives way to the next one after an hour.
 */
export const IdlePreviews = {
  name: "ctrl_worker.v1.IdlePreviews",
  handlers: {
    /** Starts a run, or answers `started: false` while another one is at work. `now` is Unix milliseconds. */
    Begin: {
      input: message("ctrl_worker.v1.BeginRequest", { now: required(millis.schema) }),
      output: message("ctrl_worker.v1.BeginResponse", { started: bool }),
      error: Schema.Never,
      mode: "exclusive",
      ingress: "private"
    },
    /** Looks through some pages and sends itself for the next ones. Does nothing when `run` is not the run at work. */
    Continue: {
      input: message("ctrl_worker.v1.ContinueRequest", { run: text() }),
      output: message("ctrl_worker.v1.ContinueResponse", {}),
      error: DatabaseRefused,
      mode: "exclusive",
      ingress: "private"
    }
  }
} as const
