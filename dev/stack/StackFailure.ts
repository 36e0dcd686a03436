import { Schema } from "effect"

/** A component is unavailable on this machine: install or configure it. */
export class ComponentMissing extends Schema.TaggedError<ComponentMissing>()("ComponentMissing", {
  component: Schema.String,
  remedies: Schema.Array(Schema.String)
}) {
  override get message() {
    return [`No ${this.component} is available here. Do one of these:`, ...this.remedies.map((it) => `  - ${it}`)].join(
      "\n"
    )
  }
}

/** A component failed; `lastLines` is the end of its output. */
export class ComponentFailed extends Schema.TaggedError<ComponentFailed>()("ComponentFailed", {
  component: Schema.String,
  reason: Schema.Literal("did not start", "ended", "not ready in time", "refused"),
  detail: Schema.String,
  lastLines: Schema.Array(Schema.String)
}) {
  override get message() {
    return [`${this.component}: ${this.reason} (${this.detail})`, ...this.lastLines.map((it) => `  | ${it}`)].join("\n")
  }
}

export type StackFailure = ComponentMissing | ComponentFailed
