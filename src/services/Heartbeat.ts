import { Context, type Effect, Schema } from "effect"

/** The monitor did not take the heartbeat. Its address is a secret and not named. Class: retry, and never worth failing a job. */
export class HeartbeatFailed extends Schema.TaggedError<HeartbeatFailed>()("HeartbeatFailed", {
  job: Schema.String,
  reason: Schema.Literal("unreachable", "timeout", "refused"),
  status: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return `heartbeat of ${this.job}: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** The jobs that somebody watches. */
export type HeartbeatJob = "cert_renewal" | "quota_check" | "key_refill"

/** Tells a monitor that a scheduled job has run. Succeeds at once for a job that nobody watches. May be repeated. */
export class Heartbeat extends Context.Tag("ctrl-worker/Heartbeat")<
  Heartbeat,
  { readonly beat: (job: HeartbeatJob) => Effect.Effect<void, HeartbeatFailed> }
>() {}
