import { Schema } from "effect"
import { Instant } from "./Instant.ts"

/** What an open invocation waits for. */
export const InvocationWait = Schema.Union(
  Schema.TaggedStruct("Step", { name: Schema.String }),
  Schema.TaggedStruct("Call", { target: Schema.String, invocation: Schema.String }),
  Schema.TaggedStruct("Timer", { until: Instant })
)
export type InvocationWait = typeof InvocationWait.Type

/** A command of a journal. `completion` is the id of the notification that completes it. */
export type JournalCommand =
  | { readonly _tag: "Run"; readonly name: string; readonly completion: number }
  | { readonly _tag: "Sleep"; readonly until: number; readonly completion: number }
  | { readonly _tag: "Call"; readonly target: string; readonly invocation: string; readonly completion: number }
  | { readonly _tag: "Other" }

/** The end of a journal, newest entry first. */
export interface JournalTail {
  readonly commands: ReadonlyArray<JournalCommand>
  readonly completed: ReadonlySet<number>
}

/** Steps that the durable kit adds by itself. */
export const kitSteps: ReadonlySet<string> = new Set(["", "now", "random", "uuid"])

export const lastStepOf = ({ commands }: JournalTail): string | null => {
  const last = commands.find((command) => command._tag === "Run" && !kitSteps.has(command.name))
  return last?._tag === "Run" ? last.name : null
}

const waitOf = (command: JournalCommand | undefined): InvocationWait | null => {
  switch (command?._tag) {
    case "Run":
      return { _tag: "Step", name: command.name }
    case "Call":
      return { _tag: "Call", target: command.target, invocation: command.invocation }
    case "Sleep":
      return { _tag: "Timer", until: command.until }
    default:
      return null
  }
}

/**
 * A step or a call that has not completed, else a timer if it is the last command: an earlier one was raced and lost. Null
 * while the handler computes, and while it waits for a signal alone.
 */
export const decideWait = ({ commands, completed }: JournalTail): InvocationWait | null => {
  const isPending = (command: JournalCommand) => command._tag !== "Other" && !completed.has(command.completion)
  const pending = commands.filter(isPending)
  const work = pending.find(({ _tag }) => _tag === "Run") ?? pending.find(({ _tag }) => _tag === "Call")
  return waitOf(work ?? (commands[0] === pending[0] ? pending[0] : undefined))
}
