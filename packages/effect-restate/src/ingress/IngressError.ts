import { Schema } from "effect"

/**
 * Restate's ingress could not be reached, gave no answer in time, answered that it cannot serve right now, or is another server.
 * Whether it took the request is unknown: with an idempotency key it is safe to repeat.
 */
export class IngressUnavailable extends Schema.TaggedError<IngressUnavailable>()("IngressUnavailable", {
  url: Schema.String,
  reason: Schema.String,
  /** Of the answer. None: there was no answer, or it was too large to read. */
  status: Schema.optional(Schema.Number),
  /** What `fetch` rejected with. */
  cause: Schema.optional(Schema.Defect)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}
