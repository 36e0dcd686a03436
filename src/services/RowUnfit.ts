import { Schema } from "effect"

/**
 * A row that the database takes and this worker cannot use, as its writer left it: a JSON document of another shape, a
 * number without a meaning. Not retryable: it lasts until the row is changed. `problem` never quotes the value.
 */
export class RowUnfit extends Schema.TaggedError<RowUnfit>()("RowUnfit", {
  table: Schema.String,
  column: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.table}.${this.column}: ${this.problem}`
  }
}
