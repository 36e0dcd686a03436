import { Context, type Effect, Schema } from "effect"

const Reason = Schema.Literal(
  "unreachable",
  "timeout",
  "unavailable",
  "denied",
  "not-found",
  "refused",
  "unexpected-answer"
)

const passing: ReadonlyArray<typeof Reason.Type> = ["unreachable", "timeout", "unavailable"]

const advice: Readonly<Record<typeof Reason.Type, string>> = {
  unreachable: "check the ingress address and that Restate runs",
  timeout: "check that Restate answers",
  unavailable: "Restate is not ready",
  denied: "check the API key",
  "not-found": "check that a worker that serves it is registered with Restate",
  refused: "check that the registered worker is of this version",
  "unexpected-answer": "check that the address is that of Restate's ingress"
}

/** What Restate's ingress did not take. `detail` is Restate's own message, shortened; the API key is in none of it. */
export class RestateIngressError extends Schema.TaggedError<RestateIngressError>()("RestateIngressError", {
  path: Schema.String,
  reason: Reason,
  status: Schema.optional(Schema.Number),
  detail: Schema.String
}) {
  /** `retry`: the same message may be taken later. `needs-person`: it is not until somebody changes something. */
  get class(): "retry" | "needs-person" {
    return passing.includes(this.reason) ? "retry" : "needs-person"
  }

  override get message(): string {
    const status = this.status === undefined ? "" : ` ${this.status}`
    return `${this.path}: ${this.reason}${status}: ${this.detail} (${advice[this.reason]})`
  }
}

/** A message to a handler, whatever its service. */
export interface IngressMessage {
  /** Below the ingress, up to and including `/send`. */
  readonly path: string
  /** Messages with the same key are one, for as long as Restate remembers it. */
  readonly idempotencyKey: string
  /** JSON. */
  readonly body: string
}

/** What Restate says to a message that it has stored. `PreviouslyAccepted`: it had that key already. */
export const Accepted = Schema.Struct({
  invocationId: Schema.String,
  status: Schema.Literal("Accepted", "PreviouslyAccepted")
})
export type Accepted = typeof Accepted.Type

/** Where messages are left with Restate. */
export class RestateIngress extends Context.Tag("ctrl-worker/RestateIngress")<
  RestateIngress,
  {
    /**
     * Answers once Restate has stored the message, and does not wait for what it starts. Failures that can pass are
     * repeated, up to 8 times within about 7 minutes; the key makes all of them one message.
     */
    readonly send: (message: IngressMessage) => Effect.Effect<Accepted, RestateIngressError>
  }
>() {}
