import { Contract } from "effect-restate"
import { id, message, optional, word } from "./protojson.ts"
import { int64, text } from "./scalars.ts"

/**
 * Reports the status of a deployment at its commit. The key is the deployment id, so that reports arrive in order. Best
 * effort: a report that GitHub refuses is logged and dropped, and no caller waits for one.
 */
export const CommitStatusService = Contract.object("ctrl_worker.v1.CommitStatusService", {
  Report: {
    input: message("ctrl_worker.v1.ReportRequest", {
      repository: id(500),
      sha: id(40),
      environment: text(256),
      state: word("pending", "in_progress", "success", "failure"),
      description: text(2048),
      url: optional(text(512)),
      /** 0: none. */
      installationId: int64
    }),
    output: message("ctrl_worker.v1.ReportResponse", {}),
    ingress: "private"
  }
})
