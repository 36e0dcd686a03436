import { Schema } from "effect"

/** An answer that its schema does not describe, or that is too large. It would be so again. */
export class UnreadableAnswer extends Schema.TaggedError<UnreadableAnswer>()("UnreadableAnswer", {
  url: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.url}: ${this.problem}`
  }
}
