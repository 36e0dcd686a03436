import { Context, type Effect, Schema } from "effect"

/** The monitor did not accept the heartbeat. Its URL is a secret and not included. Class: retry; never fails a job. */
export class HeartbeatFailed extends Schema.TaggedError<HeartbeatFailed>()("HeartbeatFailed", {
  job: Schema.String,
  reason: Schema.Literal("unreachable", "timeout", "refused"),
  status: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return `heartbeat of ${this.job}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** Jobs with a heartbeat monitor. */
export type HeartbeatJob = "cert_renewal" | "quota_check" | "key_refill"

/** Reports to a monitor that a scheduled job has run. Succeeds at once for a job without a monitor. May be repeated. */
export class Heartbeat extends Context.Tag("ctrl-worker/Heartbeat")<
  Heartbeat,
  { readonly send: (job: HeartbeatJob) => Effect.Effect<void, HeartbeatFailed> }
>() {}
