import { Contract } from "effect-restate"
import { DatabaseRefused } from "./errors.ts"
import { id, message, word } from "./protojson.ts"
import { int32, int64 } from "./scalars.ts"

/**
 * Stores when the last notice about a workspace was sent, so that notices are sent once and then weekly. The key is the
 * workspace, so that the state of each object is a few bytes.
 */
export const QuotaNoticeService = Contract.object("ctrl_worker.v1.QuotaNoticeService", {
  /**
   * Sends a notice if one is due. `failed`: it was not delivered and counts as not sent; retry after
   * `retryAfterSeconds`. `notifiedAt` (Unix seconds) is the Go worker's last notice, 0 for none.
   */
  Notify: {
    input: message("ctrl_worker.v1.NotifyRequest", {
      period: id(7),
      used: int64,
      limit: int64,
      notifiedAt: int64
    }),
    output: message("ctrl_worker.v1.NotifyResponse", {
      outcome: word("sent", "not_due", "failed"),
      retryAfterSeconds: int32
    }),
    error: DatabaseRefused,
    ingress: "private"
  }
})
