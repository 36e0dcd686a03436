import { Context, type Effect } from "effect"
import type { RestateAdminError } from "./RestateAdmin.ts"

/**
 * Status of an open invocation, in Restate's terms. `pending`: waits for its key. `scheduled`: waits for its start time.
 * `ready`: due but not started. `suspended`: waits for a timer, a response or a signal. `paused`: must be resumed by an
 * operator.
 */
export const invocationStatuses = [
  "running",
  "ready",
  "backing-off",
  "suspended",
  "pending",
  "scheduled",
  "paused"
] as const
export type InvocationStatus = (typeof invocationStatuses)[number]

/** Why an attempt failed, as identifiers only. The failure's text may quote secrets and is never read. */
export interface InvocationFailure {
  /** Restate's error code, such as `RT0007`. */
  readonly code: string | null
  /** The step that failed, if any. */
  readonly step: string | null
}

/** One open invocation. Times are Unix milliseconds of Restate's clock. */
export interface Invocation {
  readonly id: string
  readonly service: string
  readonly handler: string
  /** Null if the service has no keys. */
  readonly key: string | null
  readonly status: InvocationStatus
  readonly createdAt: number
  /** When its journal last changed. */
  readonly modifiedAt: number
  /** Scheduled start of a delayed invocation. */
  readonly dueAt: number | null
  /** When it first acquired its key; null before. */
  readonly startedAt: number | null
  /** Start of the current or last attempt; null if there was none since Restate started. */
  readonly attemptAt: number | null
  /** Attempts since its journal last changed, including the current one. A restart of Restate resets it. */
  readonly attempts: number
  readonly failure: InvocationFailure
}

/** An invocation that holds a key, and how many others wait for that key. */
export interface KeyHolder {
  readonly holder: string
  readonly waiting: number
}

export interface InvocationCount {
  readonly service: string
  readonly status: InvocationStatus
  readonly count: number
}

/** Limits a query. */
export interface InvocationFilter {
  readonly id?: string | undefined
  readonly status?: InvocationStatus | undefined
  readonly service?: string | undefined
  readonly key?: string | undefined
}

/**
 * Open invocations, from Restate's SQL introspection. Each query scans all invocations that Restate retains, completed ones
 * included, so query rarely. Results are limited. Read only.
 */
export class Invocations extends Context.Tag("ctrl-worker/Invocations")<
  Invocations,
  {
    /** Exact counts. */
    readonly counts: (filter: InvocationFilter) => Effect.Effect<ReadonlyArray<InvocationCount>, RestateAdminError>
    /** The oldest invocations, with the failure of those in back-off. For paused ones, see `failures`. */
    readonly list: (
      filter: InvocationFilter,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** The oldest paused invocations. */
    readonly paused: (limit: number) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** The oldest invocations of these services that started, or were due, before `before` and are neither ended nor paused. */
    readonly openSince: (
      services: ReadonlyArray<string>,
      before: number,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** Invocations that hold a key for which others have waited since before `before`; most waiters first. */
    readonly keyHolders: (before: number, limit: number) => Effect.Effect<ReadonlyArray<KeyHolder>, RestateAdminError>
    /** The failure that paused each invocation. One that an operator paused is absent. */
    readonly failures: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, InvocationFailure>, RestateAdminError>
  }
>() {}
