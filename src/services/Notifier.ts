import { Context, type Effect, Schema } from "effect"

/** A message was not delivered. The address is a secret and not named. Class: retry a few times, and never worth failing a job. */
export class NotificationFailed extends Schema.TaggedError<NotificationFailed>()("NotificationFailed", {
  reason: Schema.Literal("unreachable", "timeout", "refused"),
  status: Schema.optional(Schema.Number),
  /** When the receiver says how long it wants to be left alone. */
  retryAfterSeconds: Schema.optional(Schema.Number)
}) {
  override get message(): string {
    return `notification: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** That a workspace uses more than its quota: for the first time in a billing period, or still. */
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

/** Tells people. Succeeds at once when there is nobody to tell. What is repeated may arrive twice. */
export class Notifier extends Context.Tag("ctrl-worker/Notifier")<
  Notifier,
  { readonly quotaExceeded: (notice: QuotaNotice) => Effect.Effect<void, NotificationFailed> }
>() {}
