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

const transient: ReadonlyArray<typeof Reason.Type> = ["unreachable", "timeout", "unavailable"]

const advice: Readonly<Record<typeof Reason.Type, string>> = {
  unreachable: "check the ingress address and that Restate runs",
  timeout: "check that Restate answers",
  unavailable: "Restate is not ready",
  denied: "check the API key",
  "not-found": "check that a worker that serves it is registered with Restate",
  refused: "check that the registered worker is of this version",
  "unexpected-answer": "check that the address is that of Restate's ingress"
}

/**
 * A message that Restate's ingress did not accept. `detail` is Restate's own message, shortened; it never holds the API key.
 */
export class RestateIngressError extends Schema.TaggedError<RestateIngressError>()("RestateIngressError", {
  path: Schema.String,
  reason: Reason,
  status: Schema.optional(Schema.Number),
  detail: Schema.String
}) {
  /** `retry`: the same message may be accepted later. `permanent`: it is not until an operator changes something. */
  get class(): "retry" | "permanent" {
    return transient.includes(this.reason) ? "retry" : "permanent"
  }

  override get message(): string {
    const status = this.status === undefined ? "" : ` ${this.status}`
    return `${this.path}: ${this.reason}${status}: ${this.detail} (${advice[this.reason]})`
  }
}

/** A message to a handler of an object. */
export interface IngressMessage {
  readonly service: string
  readonly key: string
  readonly handler: string
  /** Sent as JSON. */
  readonly input: unknown
  /** Deduplicates messages for as long as Restate retains the key. */
  readonly idempotencyKey: string
}

/** The path of a message below the ingress. */
export const pathOf = ({ handler, key, service }: IngressMessage): string =>
  `${service}/${encodeURIComponent(key)}/${handler}/send`

/** Restate's response to an accepted message. `PreviouslyAccepted`: the idempotency key was known. */
export const Accepted = Schema.Struct({
  invocationId: Schema.String,
  status: Schema.Literal("Accepted", "PreviouslyAccepted")
})
export type Accepted = typeof Accepted.Type

/** Sends messages through Restate's ingress. */
export class RestateIngress extends Context.Tag("ctrl-worker/RestateIngress")<
  RestateIngress,
  {
    /**
     * Returns once Restate has stored the message, without waiting for its invocation. Transient failures are retried up to 8
     * times within about 7 minutes; the idempotency key makes them one message.
     */
    readonly send: (message: IngressMessage) => Effect.Effect<Accepted, RestateIngressError>
  }
>() {}
