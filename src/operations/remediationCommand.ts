import type { StuckReason } from "./findStuck.ts"

export type BlockReason = StuckReason | "paused"

/**
 * Resuming a paused invocation continues at its failed step; resuming one in back-off retries that step at once. Other
 * invocations cannot be resumed; cancelling runs their compensations and releases their key.
 */
const actions: Readonly<Record<BlockReason, "resume" | "cancel">> = {
  paused: "resume",
  retrying: "resume",
  silent: "cancel",
  "not-started": "cancel",
  late: "cancel",
  holding: "cancel"
}

export interface AdminAddress {
  /** As configured, without user and password. */
  readonly adminUrl: string
  /** Whether the admin API needs a key. The command then reads the environment variable that the worker reads. */
  readonly hasKey: boolean
}

/** The shell command that unblocks an invocation once the cause is fixed. It holds no secret. */
export const remediationCommand = ({ adminUrl, hasKey }: AdminAddress, id: string, trouble: BlockReason): string => {
  const authorization = hasKey ? ` -H "Authorization: Bearer $WORKER_RESTATE_API_KEY"` : ""
  return `curl -fsS -X PATCH${authorization} '${adminUrl.replace(/\/+$/, "")}/invocations/${id}/${actions[trouble]}'`
}
