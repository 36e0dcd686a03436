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

/** A component failed; `lastLines` is the end of its output, `log` its file below the folder of the run. */
export class ComponentFailed extends Schema.TaggedError<ComponentFailed>()("ComponentFailed", {
  component: Schema.String,
  reason: Schema.Literal("did not start", "ended", "not ready in time", "refused"),
  detail: Schema.String,
  log: Schema.optional(Schema.String),
  lastLines: Schema.Array(Schema.String)
}) {
  override get message() {
    const log = this.log === undefined ? "" : `; the end of ${this.log}:`
    return [
      `${this.component}: ${this.reason} (${this.detail})${log}`,
      ...this.lastLines.map((it) => `  | ${it}`)
    ].join("\n")
  }
}

export type StackFailure = ComponentMissing | ComponentFailed
