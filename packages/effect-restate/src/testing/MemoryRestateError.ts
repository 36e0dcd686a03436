import { Schema } from "effect"

/**
 * The invocation waits for a person: its retries are exhausted, its journal does not match, or a step asked for it. `reason` is
 * the text that Restate would keep; `cause` is the error as the code threw it, with its stack and its causes.
 */
export class InvocationPaused extends Schema.TaggedError<InvocationPaused>()("InvocationPaused", {
  invocation: Schema.String,
  reason: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return `${this.invocation} is paused: ${this.reason}`
  }
}

/** Nothing is scheduled that could make the awaited condition true. Names what has not ended, and where its journal stands. */
export class Stuck extends Schema.TaggedError<Stuck>()("Stuck", { unfinished: Schema.Array(Schema.String) }) {
  override get message(): string {
    const what = this.unfinished.length === 0 ? "every invocation has ended" : this.unfinished.join("; ")
    return `nothing is scheduled that could make the awaited condition true: ${what}`
  }
}
