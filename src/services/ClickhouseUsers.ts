import { Context, type Effect, type Redacted, Schema } from "effect"
import type { ClickhouseUnavailable } from "./Usage.ts"

/** How the `time` of a table is stored: Unix milliseconds, DateTime or Date. */
export const TimeKind = Schema.Literal("milliseconds", "datetime", "date")
export type TimeKind = typeof TimeKind.Type

/** A table of the database `default`, of which a workspace may read its own rows. */
export interface SharedTable {
  readonly name: string
  readonly time: TimeKind
}

/**
 * One change to a workspace's ClickHouse user. Each is atomic on the server and safe to repeat. `user`, `workspaceId`, `name`
 * and tables are letters, digits and underscores; whoever makes an operation has checked that.
 */
export type UserOperation =
  /** Does nothing to a user that exists. A new one may read nothing. */
  | { readonly _tag: "CreateUser"; readonly user: string }
  /** Replaces whatever the user could log in with. */
  | { readonly _tag: "SetPassword"; readonly user: string }
  /** Of the table, the user sees the workspace's rows of the last `days` days, and no others. */
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
  /** Bounds each query of the user, who may ask for another time within its bounds and change no other setting. */
  | {
      readonly _tag: "LimitQueries"
      readonly name: string
      readonly user: string
      readonly executionSeconds: number
      readonly memoryBytes: bigint
      readonly resultRows: number
    }
  /** From here on the user may read exactly these tables: missing rights come and surplus ones go at the same moment. */
  | { readonly _tag: "ReplaceGrants"; readonly user: string; readonly tables: ReadonlyArray<string> }

/** Users, row policies, quotas and profiles of the analytics database, through a connection that may manage them. */
export class ClickhouseUsers extends Context.Tag("ctrl-worker/ClickhouseUsers")<
  ClickhouseUsers,
  {
    /** `password` is used by CreateUser and SetPassword, and never becomes part of a statement's text. */
    readonly apply: (
      operation: UserOperation,
      password: Redacted.Redacted
    ) => Effect.Effect<void, ClickhouseUnavailable>
    /** Succeeds while the server answers and accepts us. */
    readonly check: Effect.Effect<void, ClickhouseUnavailable>
  }
>() {}
