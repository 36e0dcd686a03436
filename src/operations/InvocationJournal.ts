import { Context, type Effect, Schema } from "effect"
import { Instant } from "./Instant.ts"
import type { SourceUnavailable } from "./SourceUnavailable.ts"

/** Steps, timers and calls of a journal in their order. Repetitions of a poll are one entry. */
export const JournalEntry = Schema.Struct({
  kind: Schema.Literal("step", "timer", "call", "other"),
  /** The step's name, the target of a call, or the kind of another command. */
  name: Schema.String,
  /** How often it was done in a row, timers between the repetitions not counted. */
  count: Schema.Number,
  firstAt: Schema.NullOr(Instant),
  /** When the last repetition began. */
  lastAt: Schema.NullOr(Instant),
  /** Whether the last repetition has completed. */
  isCompleted: Schema.Boolean,
  /** Of a timer: its end. */
  until: Schema.NullOr(Instant),
  /** Of a call: the invocation that was called. */
  invocation: Schema.NullOr(Schema.String)
})
export type JournalEntry = typeof JournalEntry.Type

export const Journal = Schema.Struct({
  entries: Schema.Array(JournalEntry),
  /** Whether earlier entries were left out. */
  isCut: Schema.Boolean
})
export type Journal = typeof Journal.Type

/** The journals of invocations, without inputs and results. Read only; every answer is bounded. */
export class InvocationJournal extends Context.Tag("ctrl-worker/InvocationJournal")<
  InvocationJournal,
  { readonly of: (invocationId: string) => Effect.Effect<Journal, SourceUnavailable> }
>() {}
