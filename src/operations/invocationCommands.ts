import { Schema } from "effect"
import { type CommandPlace, commandLineFor, type OperatorAction } from "./commandLineFor.ts"
import { type InvocationDetail, isOpen } from "./InvocationDetails.ts"

/** A command line, and what it does. */
export const SuggestedCommand = Schema.Struct({ line: Schema.String, effect: Schema.String })
export type SuggestedCommand = typeof SuggestedCommand.Type

const resumes: ReadonlyMap<string, readonly [OperatorAction, string]> = new Map([
  ["paused", ["resume", "continues at the failed step"]],
  ["backing-off", ["retry", "tries the failed step at once"]]
])

/**
 * The commands that act on an invocation in its status. `cancelled`: what a cancellation does. None before it starts: it would
 * then be removed without a compensation, and its rows would stay as they are.
 */
export const commandsFor = (
  invocation: InvocationDetail | null,
  cancelled: string,
  place: CommandPlace
): ReadonlyArray<SuggestedCommand> => {
  if (invocation === null || !isOpen(invocation) || invocation.startedAt === null) return []
  const resumed = resumes.get(invocation.status)
  const actions: ReadonlyArray<readonly [OperatorAction, string]> = [
    ...(resumed === undefined ? [] : [resumed]),
    ["cancel", cancelled]
  ]
  return actions.map(([action, effect]) => ({ line: commandLineFor(action, invocation.id, place), effect }))
}
