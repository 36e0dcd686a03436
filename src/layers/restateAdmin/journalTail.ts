import { Option, Schema } from "effect"
import type { TimedJournal } from "../../operations/condenseJournal.ts"
import type { JournalCommand, JournalTail } from "../../operations/InvocationWait.ts"

const Target = Schema.Struct({
  name: Schema.String,
  key: Schema.optional(Schema.NullOr(Schema.String)),
  handler: Schema.String
})

/** `sys_journal.entry_lite_json` of Restate 1.7: entries without inputs and results. Other kinds of entries are ignored. */
const Entry = Schema.parseJson(
  Schema.Union(
    Schema.Struct({
      Command: Schema.Union(
        Schema.Struct({ Run: Schema.Struct({ name: Schema.String, completion_id: Schema.Number }) }),
        Schema.Struct({ Sleep: Schema.Struct({ wake_up_time: Schema.Number, completion_id: Schema.Number }) }),
        Schema.Struct({
          Call: Schema.Struct({
            invocation_id: Schema.String,
            invocation_target: Schema.Record({ key: Schema.String, value: Target }),
            result_completion_id: Schema.Number
          })
        }),
        Schema.Struct({})
      )
    }),
    Schema.Struct({ Notification: Schema.Struct({ id: Schema.Struct({ CompletionId: Schema.Number }) }) })
  )
)
const entryOf = Schema.decodeOption(Entry)

/** An entry of a journal that nothing is known about is still its last command. */
export const JournalRow = Schema.Struct({
  kind: Schema.String,
  entry: Schema.String,
  at: Schema.optionalWith(Schema.NullOr(Schema.Date), { default: () => null })
})

const targetOf = (target: Readonly<Record<string, typeof Target.Type>>): string =>
  Object.values(target)
    .map(({ handler, key, name }) => [name, ...(key === undefined || key === null ? [] : [key]), handler].join("/"))
    .join()

type Command = Extract<typeof Entry.Type, { readonly Command: unknown }>["Command"]

const commandOf = (command: Command): JournalCommand => {
  if ("Run" in command) return { _tag: "Run", name: command.Run.name, completion: command.Run.completion_id }
  if ("Sleep" in command)
    return { _tag: "Sleep", until: command.Sleep.wake_up_time, completion: command.Sleep.completion_id }
  if ("Call" in command) {
    const { invocation_id: invocation, invocation_target: target, result_completion_id: completion } = command.Call
    return { _tag: "Call", target: targetOf(target), invocation, completion }
  }
  return { _tag: "Other" }
}

/** Rows of `sys_journal`, in their order. */
export const journalOf = (rows: ReadonlyArray<typeof JournalRow.Type>): TimedJournal => {
  const entries = rows.map(({ at, entry, kind }) => ({ at, kind, entry: Option.getOrUndefined(entryOf(entry)) }))
  return {
    commands: entries.flatMap(({ at, entry, kind }): TimedJournal["commands"] => {
      if (!kind.startsWith("Command")) return []
      const command: JournalCommand =
        entry !== undefined && "Command" in entry ? commandOf(entry.Command) : { _tag: "Other" }
      return [{ command, kind: kind.replace(/^Command: ?/, ""), at: at?.getTime() ?? null }]
    }),
    completed: new Set(
      entries.flatMap(({ entry }) =>
        entry !== undefined && "Notification" in entry ? [entry.Notification.id.CompletionId] : []
      )
    )
  }
}

/** Rows of `sys_journal`, newest first. */
export const journalTailOf = (rows: ReadonlyArray<typeof JournalRow.Type>): JournalTail => {
  const { commands, completed } = journalOf(rows)
  return { commands: commands.map(({ command }) => command), completed }
}
