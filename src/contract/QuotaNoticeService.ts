import { Contract } from "effect-restate"
import { DatabaseRefused } from "./errors.ts"
import { id, message, word } from "./protojson.ts"
import { int32, int64 } from "./scalars.ts"

/**
 * Remembers when a workspace was last told about, so that it is told about once and then weekly. The key is the workspace,
 * which keeps the state of every object at a few bytes however many workspaces there are.
 */
export const QuotaNoticeService = Contract.object("ctrl_worker.v1.QuotaNoticeService", {
  /**
   * Sends a notice if one is due. `failed`: it could not be delivered and counts as not sent; not before
   * `retryAfterSeconds` should it be asked for again. `notifiedAt` (Unix seconds) is what others remember, 0 if nothing.
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
