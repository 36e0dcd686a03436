import { Schema } from "effect"
import { MissingSource } from "./SourceUnavailable.ts"

/** No source that answered knows what was asked for. */
export class UnknownSubject extends Schema.TaggedError<UnknownSubject>()("UnknownSubject", {
  kind: Schema.Literal("build", "deployment", "domain"),
  name: Schema.String,
  missing: Schema.Array(MissingSource)
}) {
  override get message(): string {
    if (this.missing.length === 0) return `there is no ${this.kind} ${this.name}`
    const missing = this.missing.map(({ reason, source }) => `${source}: ${reason}`)
    return `${this.kind} ${this.name} was not found, and not everything could be asked: ${missing.join("; ")}`
  }
}
