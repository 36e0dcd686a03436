import { Schema } from "effect"

/**
 * A row that satisfies the database's types but not this worker's, as its writer left it: JSON of another shape, or an
 * undefined number. Not retryable until the row is changed. `problem` never quotes the value.
 */
export class InvalidRow extends Schema.TaggedError<InvalidRow>()("RowUnfit", {
  table: Schema.String,
  column: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.table}.${this.column}: ${this.problem}`
  }
}
