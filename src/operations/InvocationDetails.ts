import { Context, type Effect, type Option, Schema } from "effect"
import { Instant } from "./Instant.ts"
import { InvocationWait } from "./InvocationWait.ts"
import type { SourceUnavailable } from "./SourceUnavailable.ts"

/** How the last attempt failed. */
export const AttemptFailure = Schema.Struct({
  /** Restate's error code, such as `RT0007`. */
  code: Schema.NullOr(Schema.String),
  step: Schema.NullOr(Schema.String),
  /** The text of an error that this worker declares. Null for any other failure: its text may quote a secret. */
  reason: Schema.NullOr(Schema.String)
})
export type AttemptFailure = typeof AttemptFailure.Type

/** One invocation, open or completed, as Restate keeps it. It holds neither input nor results. */
export const InvocationDetail = Schema.Struct({
  id: Schema.String,
  service: Schema.String,
  handler: Schema.String,
  key: Schema.NullOr(Schema.String),
  /** Restate's word, such as `running`, `suspended`, `backing-off`, `paused` or `completed`. */
  status: Schema.String,
  /** Of a completed one. */
  result: Schema.NullOr(Schema.Literal("success", "failure")),
  createdAt: Instant,
  startedAt: Schema.NullOr(Instant),
  /** When its journal last changed. */
  modifiedAt: Instant,
  /** Scheduled start of a delayed one. */
  dueAt: Schema.NullOr(Instant),
  completedAt: Schema.NullOr(Instant),
  /** Attempts since the journal last changed, the current one included. */
  attempts: Schema.Number,
  nextRetryAt: Schema.NullOr(Instant),
  traceId: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(AttemptFailure),
  /** The last step that has started, also when it has ended since. */
  lastStep: Schema.NullOr(Schema.String),
  waitsFor: Schema.NullOr(InvocationWait)
})
export type InvocationDetail = typeof InvocationDetail.Type

export const isOpen = ({ status }: Pick<InvocationDetail, "status">): boolean => status !== "completed"

/** Invocations of one handler whose input names an id. */
export interface InputSearch {
  readonly service: string
  readonly handler: string
  /** An id that is a JSON string of the input. */
  readonly id: string
  /** Keys that callers usually choose for it. They are searched first. */
  readonly keys: ReadonlyArray<string>
  /** Unix milliseconds. Earlier invocations are not searched. */
  readonly since: number
}

export interface KeySearch {
  readonly service: string
  readonly keys: ReadonlyArray<string>
  readonly limit: number
}

/** Single invocations, from Restate's SQL introspection. Read only; every answer is bounded. */
export class InvocationDetails extends Context.Tag("ctrl-worker/InvocationDetails")<
  InvocationDetails,
  {
    /** None if Restate does not know the id, or has forgotten it. */
    readonly of: (id: string) => Effect.Effect<Option.Option<InvocationDetail>, SourceUnavailable>
    /** Ids of at most five invocations: open ones first, then the newest. At most 200 are searched; inputs stay in Restate. */
    readonly withInput: (search: InputSearch) => Effect.Effect<ReadonlyArray<string>, SourceUnavailable>
    /** Ids of invocations of these keys: open ones first, then the newest. */
    readonly ofKeys: (search: KeySearch) => Effect.Effect<ReadonlyArray<string>, SourceUnavailable>
  }
>() {}
