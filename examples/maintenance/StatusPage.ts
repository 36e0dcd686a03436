import { Context, type Effect, Schema } from "effect"
import type { NoticeStands } from "./MaintenanceService.ts"

/** The status page did not do it now. Passes with time, so Restate tries again. */
export class StatusPageUnavailable extends Schema.TaggedError<StatusPageUnavailable>()("StatusPageUnavailable", {
  reason: Schema.Literal("unreachable", "timeout", "refused"),
  status: Schema.optional(Schema.Number)
}) {
  readonly retryable = true as const

  override get message(): string {
    return `the status page: ${this.reason}${this.status === undefined ? "" : ` (${this.status})`}`
  }
}

/** The caller makes `id`, so that a repeated call means the same notice. */
export interface Notice {
  readonly id: string
  readonly projectId: string
  readonly text: string
  /** Unix milliseconds. */
  readonly until: number
}

/** Where a project's notices are shown. Every method may be repeated. */
export class StatusPage extends Context.Tag("example/StatusPage")<
  StatusPage,
  {
    /** Succeeds when this very notice is shown already. */
    readonly show: (notice: Notice) => Effect.Effect<void, NoticeStands | StatusPageUnavailable>
    /** Succeeds when there is no such notice. */
    readonly hide: (projectId: string, noticeId: string) => Effect.Effect<void, StatusPageUnavailable>
    /** Tells each subscriber once per notice. */
    readonly tellSubscribers: (projectId: string, noticeId: string) => Effect.Effect<void, StatusPageUnavailable>
  }
>() {}
