import { type CommandPlace, commandLineFor } from "./commandLineFor.ts"
import type { StuckReason } from "./findStuck.ts"

export type BlockReason = StuckReason | "paused"

/**
 * What to do about an invocation that makes no progress because of something else. Cancelling it would undo the work of a
 * caller who waits for it, and would not remove the cause.
 */
const instructions: Readonly<Record<Exclude<BlockReason, "paused" | "retrying">, string>> = {
  silent: "restart the replica that runs its attempt: another one takes it over",
  "not-started": "start or scale the worker, and check that Restate reaches its address (versions)",
  late: "find what it waits for (status, log); it goes on by itself",
  holding: "find what the holder of the key waits for (status, log); the others go on once it ends"
}

/**
 * How an operator unblocks an invocation once the cause is fixed: a shell command, or an instruction if no command helps.
 * Resuming a paused invocation continues at its failed step; retrying one in back-off runs that step at once. Never a command
 * that ends an invocation.
 */
export const remediationFor = (place: CommandPlace, id: string, trouble: BlockReason): string => {
  if (trouble === "paused") return commandLineFor("resume", id, place)
  return trouble === "retrying" ? commandLineFor("retry", id, place) : instructions[trouble]
}
