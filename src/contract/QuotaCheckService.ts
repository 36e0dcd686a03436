import { Schema } from "effect"
import { Contract } from "effect-restate"
import { longJob } from "./Deadline.ts"
import { DatabaseRefused, InvalidRequest, RunGivenUp, UsageNotConfigured } from "./errors.ts"
import { message } from "./protojson.ts"
import { bool, int32, text } from "./scalars.ts"

/** Progress of a check, passed from slice to slice. */
const Position = {
  after: text(),
  checked: int32,
  exceeded: int32,
  sent: int32,
  failed: int32,
  /** Workspaces whose notice was refused permanently; an operator has to look. Does not affect other workspaces. */
  refused: int32
}

/** Sends notices about workspaces that exceed their quota. The key is the billing period, `YYYY-MM` in UTC. */
export const QuotaCheckService = Contract.object("hydra.v1.QuotaCheckService", {
  /**
   * Answers once every workspace has been checked. An undelivered notice is not counted as sent; the next check sends
   * it. Shared, because it waits for the usage source and for the receiver of the notices.
   */
  RunCheck: {
    input: message("hydra.v1.RunCheckRequest", {}),
    output: message("hydra.v1.RunCheckResponse", {
      workspacesChecked: int32,
      workspacesExceeded: int32,
      notificationsSent: int32
    }),
    error: Schema.Union(InvalidRequest, UsageNotConfigured, DatabaseRefused, RunGivenUp),
    mode: "shared",
    annotations: longJob
  },
  /** A bounded part of the check: workspaces after one id. */
  CheckSlice: {
    input: message("ctrl_worker.v1.CheckSliceRequest", Position),
    output: message("ctrl_worker.v1.CheckSliceResponse", { ...Position, done: bool }),
    error: Schema.Union(InvalidRequest, UsageNotConfigured, DatabaseRefused, RunGivenUp),
    mode: "shared",
    ingress: "private",
    annotations: longJob
  },
  /** Removes expired entries from the Go worker's state of sent notices. */
  ForgetOldNotices: {
    input: message("ctrl_worker.v1.ForgetOldNoticesRequest", {}),
    output: message("ctrl_worker.v1.ForgetOldNoticesResponse", {}),
    ingress: "private"
  }
})
