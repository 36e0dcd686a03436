import { Context, type Effect } from "effect"
import type { RestateAdminError } from "./RestateAdmin.ts"

/**
 * Where an open invocation stands, in Restate's words. `pending`: waits for its key. `scheduled`: waits for its time.
 * `ready`: due, not taken up yet. `suspended`: waits for a timer, an answer or a signal. `paused`: waits for a person.
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

/** Why an attempt failed, in words of closed sets only: the failure's text may quote anything and is never asked for. */
export interface InvocationFailure {
  /** Restate's code, such as `RT0007`, which its documentation explains. */
  readonly code: string | null
  /** The step that failed, when it was one. */
  readonly step: string | null
}

/** One open invocation. Times are Unix milliseconds of Restate's clock. */
export interface Invocation {
  readonly id: string
  readonly service: string
  readonly handler: string
  /** Null of a service that has no keys. */
  readonly key: string | null
  readonly status: InvocationStatus
  readonly createdAt: number
  /** When its journal last grew. */
  readonly modifiedAt: number
  /** When it is to start, of one that was sent with a delay. */
  readonly dueAt: number | null
  /** When it first got its key. Null before. */
  readonly startedAt: number | null
  /** When the attempt began that runs or failed last. Null when none did since Restate started. */
  readonly attemptAt: number | null
  /** Attempts since its journal last grew, the one that runs included; forgotten when Restate restarts. */
  readonly attempts: number
  readonly failure: InvocationFailure
}

/** How many invocations wait for the key that one holds. */
export interface HeldUp {
  readonly holder: string
  readonly waiting: number
}

export interface InvocationCount {
  readonly service: string
  readonly status: InvocationStatus
  readonly count: number
}

/** Those of one service, or of one key of it. */
export interface InvocationFilter {
  readonly service?: string | undefined
  readonly key?: string | undefined
}

/**
 * What Restate's introspection says of invocations that have not ended. Each question goes through all invocations that
 * Restate keeps, answered ones included, so ask rarely; every answer is bounded by its limit. Reads only.
 */
export class Invocations extends Context.Tag("ctrl-worker/Invocations")<
  Invocations,
  {
    /** Exact, however many there are. */
    readonly counts: (filter: InvocationFilter) => Effect.Effect<ReadonlyArray<InvocationCount>, RestateAdminError>
    /** The oldest ones, with the failure of those that back off; for `failures` of the paused ones there is a question of its own. */
    readonly list: (
      filter: InvocationFilter,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** The oldest that are paused. */
    readonly paused: (limit: number) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** The oldest of these services that began, or should have begun, before that moment, and neither ended nor are paused. */
    readonly openSince: (
      services: ReadonlyArray<string>,
      before: number,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Invocation>, RestateAdminError>
    /** Of invocations that hold a key for which others have waited since before that moment; the most waited for first. */
    readonly heldUp: (before: number, limit: number) => Effect.Effect<ReadonlyArray<HeldUp>, RestateAdminError>
    /** What paused each of these; one that a person has paused is absent. */
    readonly failures: (
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlyMap<string, InvocationFailure>, RestateAdminError>
  }
>() {}
