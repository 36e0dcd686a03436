import type { JournalEntry } from "./InvocationJournal.ts"
import { type JournalCommand, kitSteps } from "./InvocationWait.ts"

/** A command with Restate's name of its kind, and when it was journaled. */
export interface TimedCommand {
  readonly command: JournalCommand
  readonly kind: string
  readonly at: number | null
}

export interface TimedJournal {
  readonly commands: ReadonlyArray<TimedCommand>
  /** Ids of the notifications that have arrived. */
  readonly completed: ReadonlySet<number>
}

const single = { count: 1, until: null, invocation: null }

const entryOf = ({ at, command, kind }: TimedCommand, completed: ReadonlySet<number>): JournalEntry => {
  const times = { firstAt: at, lastAt: at }
  if (command._tag === "Other") return { ...single, ...times, kind: "other", name: kind, isCompleted: true }
  const isCompleted = completed.has(command.completion)
  switch (command._tag) {
    case "Run":
      return { ...single, ...times, kind: "step", name: command.name, isCompleted }
    case "Sleep":
      return { ...single, ...times, kind: "timer", name: "timer", isCompleted, until: command.until }
    case "Call":
      return {
        ...single,
        ...times,
        kind: "call",
        name: command.target,
        isCompleted,
        invocation: command.invocation
      }
  }
}

const isOfKit = ({ command, kind }: TimedCommand): boolean =>
  command._tag === "Run" ? kitSteps.has(command.name) : kind === "Input" || kind === "Output"

/** The place of the entry that this one repeats; a step is also a repetition if only timers are in between. */
const repeated = (entries: ReadonlyArray<JournalEntry>, { kind, name }: JournalEntry): number => {
  const skipped = kind === "step" ? entries.findLastIndex((entry) => entry.kind !== "timer") : entries.length - 1
  const found = entries[skipped]
  return found !== undefined && kind !== "call" && found.kind === kind && found.name === name ? skipped : -1
}

/**
 * The commands of a journal, in their order, as entries: a poll, its timers included, is one entry however often it was
 * repeated. Steps that the durable kit adds are left out.
 */
export const condenseJournal = ({ commands, completed }: TimedJournal): ReadonlyArray<JournalEntry> => {
  const entries: Array<JournalEntry> = []
  for (const command of commands) {
    if (isOfKit(command)) continue
    const entry = entryOf(command, completed)
    const place = repeated(entries, entry)
    const before = entries[place]
    if (before === undefined) entries.push(entry)
    else entries.splice(place, entries.length, { ...entry, count: before.count + 1, firstAt: before.firstAt })
  }
  return entries
}
