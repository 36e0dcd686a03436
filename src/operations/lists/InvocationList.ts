import { Context, type Effect, Schema } from "effect"
import { Instant } from "../Instant.ts"
import { AttemptFailure, InvocationDetail } from "../InvocationDetails.ts"
import type { SourceUnavailable } from "../SourceUnavailable.ts"
import type { Page, PageRequest } from "./Page.ts"

/** An invocation in a list. It holds neither input nor results nor the text of a failure. */
export const ListedInvocation = Schema.Struct({
  ...InvocationDetail.pick(
    "id",
    "service",
    "handler",
    "key",
    "status",
    "result",
    "createdAt",
    "startedAt",
    "modifiedAt",
    "dueAt",
    "completedAt",
    "attempts",
    "traceId"
  ).fields,
  nextRetryAt: Schema.NullOr(Instant),
  failure: Schema.NullOr(AttemptFailure.pick("code", "step"))
})
export type ListedInvocation = typeof ListedInvocation.Type

/** `open`: not completed. `failed`: completed with a failure. `paused`: must be resumed by an operator. */
export const invocationFilters = ["open", "completed", "failed", "paused"] as const

export interface InvocationFilter {
  readonly status?: (typeof invocationFilters)[number] | undefined
  /** The full name of a service. */
  readonly service?: string | undefined
  /** Any of these ids and keys. */
  readonly named?: ReadonlyArray<string> | undefined
}

/**
 * Open and retained invocations, page by page. A page scans all invocations that Restate retains. Read only.
 */
export class InvocationList extends Context.Tag("ctrl-worker/InvocationList")<
  InvocationList,
  {
    readonly page: (
      filter: InvocationFilter,
      request: PageRequest
    ) => Effect.Effect<Page<ListedInvocation>, SourceUnavailable>
    /** The names of the services that Restate has invocations of. */
    readonly services: Effect.Effect<ReadonlyArray<string>, SourceUnavailable>
  }
>() {}
