import { Schema } from "effect"

/** No way to provide a component on this machine: a person has to install or configure something. */
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

/** A component was there but did not do its part; `lastLines` is the end of what it wrote. */
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
