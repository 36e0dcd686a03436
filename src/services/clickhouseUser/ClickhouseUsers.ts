import { Context, type Effect, type Redacted, Schema } from "effect"
import type { ClickhouseUnavailable } from "../clickhouse/Usage.ts"

/** Type of a table's `time` column: Unix milliseconds, DateTime or Date. */
export const TimeKind = Schema.Literal("milliseconds", "datetime", "date")
export type TimeKind = typeof TimeKind.Type

/** A table of the database `default` in which each workspace may read its own rows. */
export interface SharedTable {
  readonly name: string
  readonly time: TimeKind
}

/**
 * One change to a workspace's ClickHouse user. Each is atomic on the server and safe to repeat. `user`, `workspaceId`, `name`
 * and tables consist of letters, digits and underscores; the caller has validated them.
 */
export type UserOperation =
  /** No effect if the user exists. A new user has no grants. */
  | { readonly _tag: "CreateUser"; readonly user: string }
  /** Replaces all authentication methods of the user. */
  | { readonly _tag: "SetPassword"; readonly user: string }
  /** Row policy: the user sees only the workspace's rows of the last `days` days. */
  | {
      readonly _tag: "FilterRows"
      readonly name: string
      readonly user: string
      readonly workspaceId: string
      readonly table: SharedTable
      readonly days: number
    }
  | {
      readonly _tag: "LimitUse"
      readonly name: string
      readonly user: string
      readonly seconds: number
      readonly queries: number
      readonly executionSeconds: number
    }
  /** Settings profile: limits each query. The user may change the execution time within its range and no other setting. */
  | {
      readonly _tag: "LimitQueries"
      readonly name: string
      readonly user: string
      readonly executionSeconds: number
      readonly memoryBytes: bigint
      readonly resultRows: number
    }
  /** Grants SELECT on exactly these tables, replacing all other grants in the same statement. */
  | { readonly _tag: "ReplaceGrants"; readonly user: string; readonly tables: ReadonlyArray<string> }

/** Manages ClickHouse users, row policies, quotas and settings profiles, over an admin connection. */
export class ClickhouseUsers extends Context.Tag("ctrl-worker/ClickhouseUsers")<
  ClickhouseUsers,
  {
    /** `password` is used by CreateUser and SetPassword. It is never part of a statement's text. */
    readonly apply: (
      operation: UserOperation,
      password: Redacted.Redacted
    ) => Effect.Effect<void, ClickhouseUnavailable>
    /** Succeeds if the server accepts the login. */
    readonly check: Effect.Effect<void, ClickhouseUnavailable>
  }
>() {}
