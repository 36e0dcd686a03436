import type { StuckReason } from "./findStuck.ts"

export type Trouble = StuckReason | "paused"

/**
 * Resuming goes on at the step where it stood, and of one that backs off tries that step at once. What does not fail has
 * nothing to resume: cancelling it lets its compensations run and frees its key.
 */
const orders: Readonly<Record<Trouble, "resume" | "cancel">> = {
  paused: "resume",
  retrying: "resume",
  silent: "cancel",
  "not-started": "cancel",
  late: "cancel",
  holding: "cancel"
}

export interface AdminAddress {
  /** As configured, which means without user and password. */
  readonly adminUrl: string
  /** Whether the admin API wants a key: then the command takes it from the variable that the worker takes it from. */
  readonly hasKey: boolean
}

/** The command that gets an invocation out of its trouble, for a shell, once the cause is gone. It holds no secret. */
export const wayOut = ({ adminUrl, hasKey }: AdminAddress, id: string, trouble: Trouble): string => {
  const authorization = hasKey ? ` -H "Authorization: Bearer $WORKER_RESTATE_API_KEY"` : ""
  return `curl -fsS -X PATCH${authorization} '${adminUrl.replace(/\/+$/, "")}/invocations/${id}/${orders[trouble]}'`
}
