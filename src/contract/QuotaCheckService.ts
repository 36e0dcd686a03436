import { Schema } from "effect"
import { Contract } from "effect-restate"
import { DatabaseRefused, InvalidRequest, RunGivenUp, UsageNotConfigured } from "./errors.ts"
import { message } from "./protojson.ts"
import { bool, int32, text } from "./scalars.ts"

/** How far a check is: what the slices hand on, each to the next. */
const Position = {
  after: text(),
  checked: int32,
  exceeded: int32,
  sent: int32,
  failed: int32,
  /** Workspaces whose notice is impossible as it is: they hold up no other, and a person has to look. */
  refused: int32
}

/** Tells about workspaces that use more than their quota. The key is the billing period, `YYYY-MM` in UTC. */
export const QuotaCheckService = Contract.object("hydra.v1.QuotaCheckService", {
  /**
   * Answers once every workspace has been looked at. A notice that cannot be delivered is not counted as sent, and is
   * sent by the next check. Shared, because it waits: for the usage, and for whoever takes the notices.
   */
  RunCheck: {
    input: message("hydra.v1.RunCheckRequest", {}),
    output: message("hydra.v1.RunCheckResponse", {
      workspacesChecked: int32,
      workspacesExceeded: int32,
      notificationsSent: int32
    }),
    error: Schema.Union(InvalidRequest, UsageNotConfigured, DatabaseRefused, RunGivenUp),
    mode: "shared"
  },
  /** A bounded part of the check: the workspaces after one id. */
  CheckSlice: {
    input: message("ctrl_worker.v1.CheckSliceRequest", Position),
    output: message("ctrl_worker.v1.CheckSliceResponse", { ...Position, done: bool }),
    error: Schema.Union(InvalidRequest, UsageNotConfigured, DatabaseRefused, RunGivenUp),
    mode: "shared",
    ingress: "private"
  },
  /** Drops what the Go worker remembered of notices that no longer matter. */
  ForgetOldNotices: {
    input: message("ctrl_worker.v1.ForgetOldNoticesRequest", {}),
    output: message("ctrl_worker.v1.ForgetOldNoticesResponse", {}),
    ingress: "private"
  }
})
