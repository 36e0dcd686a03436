import { Context, type Effect, Schema } from "effect"

/**
 * A notification was not delivered. The webhook URL is a secret and not included. Class: retry a few times; never fails a job.
 */
export class NotificationFailed extends Schema.TaggedError<NotificationFailed>()("NotificationFailed", {
  reason: Schema.Literal("unreachable", "timeout", "refused"),
  status: Schema.optional(Schema.Number),
  /** The receiver's Retry-After. */
  retryAfterSeconds: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return `notification: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** A workspace exceeds its quota: for the first time in a billing period, or still. */
export interface QuotaNotice {
  readonly kind: "first" | "reminder"
  readonly workspaceId: string
  readonly workspaceName: string
  readonly orgId: string
  readonly stripeCustomerId: string | null
  readonly tier: string | null
  readonly limit: number
  readonly used: number
}

/** Posts a notification. Does nothing if no webhook is configured. At-least-once delivery: a repeat may post twice. */
export class Notifier extends Context.Tag("ctrl-worker/Notifier")<
  Notifier,
  { readonly quotaExceeded: (notice: QuotaNotice) => Effect.Effect<void, NotificationFailed> }
>() {}
