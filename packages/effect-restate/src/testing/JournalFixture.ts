import { Schema } from "effect"
import { type Invocation, journalNames } from "./Invocation.ts"

/** The journals of a scenario by invocation: what in-flight invocations of a released version look like. */
export const JournalFixture = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
export type JournalFixture = typeof JournalFixture.Type

export const recordJournals = (invocations: ReadonlyArray<Invocation>): JournalFixture =>
  Object.fromEntries(invocations.map((invocation) => [invocation.label, journalNames(invocation)]))

/** A place where today's code would not replay a recorded journal. */
export interface JournalDifference {
  readonly invocation: string
  readonly index: number
  readonly recorded: string | undefined
  readonly current: string | undefined
}

/**
 * Where today's journals differ from recorded ones, first difference of each invocation only. Entries beyond the end of
 * a recorded journal count too: an invocation that had ended there on the old code would go on with the new one.
 */
export const compareJournals = (recorded: JournalFixture, current: JournalFixture): ReadonlyArray<JournalDifference> =>
  Object.entries(recorded).flatMap(([invocation, names]) => {
    const today = current[invocation] ?? []
    const length = Math.max(names.length, today.length)
    const index = Array.from({ length }, (_, at) => at).find((at) => names[at] !== today[at])
    return index === undefined ? [] : [{ invocation, index, recorded: names[index], current: today[index] }]
  })
