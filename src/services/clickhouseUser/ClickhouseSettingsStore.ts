import { Context, type Effect, type Option, Schema } from "effect"
import type { DbFailure } from "../Db.ts"

/** Limits of a workspace's ClickHouse user, per window and per query. */
export const UserLimits = Schema.Struct({
  quotaDurationSeconds: Schema.Number,
  maxQueriesPerWindow: Schema.Number,
  /** Seconds. */
  maxExecutionTimePerWindow: Schema.Number,
  /** Seconds. */
  maxQueryExecutionTime: Schema.Number,
  /** A 64-bit column. */
  maxQueryMemoryBytes: Schema.BigInt,
  maxQueryResultRows: Schema.Number
})
export type UserLimits = typeof UserLimits.Type

/** The login of a workspace's ClickHouse user. The password is encrypted with the workspace's keyring. */
export const StoredLogin = Schema.Struct({ username: Schema.String, passwordEncrypted: Schema.String })
export type StoredLogin = typeof StoredLogin.Type

export interface LimitsChange {
  readonly workspaceId: string
  readonly limits: UserLimits
  /** Unix milliseconds; the same on a repeat, so that a repeat writes the same row. */
  readonly at: number
}

/**
 * Owns `clickhouse_workspace_settings` and reads `quota`, on the primary. Each write is one transaction and safe to repeat:
 * unchanged limits leave the row as it is, including `updated_at`.
 */
export class ClickhouseSettingsStore extends Context.Tag("ctrl-worker/ClickhouseSettingsStore")<
  ClickhouseSettingsStore,
  {
    /** `quota.logs_retention_days`. None if the workspace has no quota row. */
    readonly retentionDays: (workspaceId: string) => Effect.Effect<Option.Option<number>, DbFailure>
    /** Sets the limits and returns the stored login. None if there is no row yet. */
    readonly updateLimits: (change: LimitsChange) => Effect.Effect<Option.Option<StoredLogin>, DbFailure>
    /** Stores the login unless the workspace has one, sets the limits, and returns the stored login. */
    readonly create: (change: LimitsChange & StoredLogin) => Effect.Effect<StoredLogin, DbFailure>
  }
>() {}
