import { Context, type Effect, type Option, Schema } from "effect"
import type { DbFailure } from "./Db.ts"

/** What a workspace's analytics user may use, per window and per query. */
export const UserLimits = Schema.Struct({
  quotaDurationSeconds: Schema.Number,
  maxQueriesPerWindow: Schema.Number,
  /** Seconds. */
  maxExecutionTimePerWindow: Schema.Number,
  /** Seconds. */
  maxQueryExecutionTime: Schema.Number,
  /** The column is 64 bits wide. */
  maxQueryMemoryBytes: Schema.BigInt,
  maxQueryResultRows: Schema.Number
})
export type UserLimits = typeof UserLimits.Type

/** How a workspace's analytics user logs in. The password is ciphertext of the workspace's keyring. */
export const StoredLogin = Schema.Struct({ username: Schema.String, passwordEncrypted: Schema.String })
export type StoredLogin = typeof StoredLogin.Type

export interface LimitsChange {
  readonly workspaceId: string
  readonly limits: UserLimits
  /** Unix milliseconds; the same value on a repeat, so that a repeat writes the same row. */
  readonly at: number
}

/**
 * Owns `clickhouse_workspace_settings` and reads `quota`, on the primary. Writes are one transaction and safe to repeat:
 * limits that are so already leave the row as it is, its `updated_at` included.
 */
export class ClickhouseSettingsStore extends Context.Tag("ctrl-worker/ClickhouseSettingsStore")<
  ClickhouseSettingsStore,
  {
    /** `quota.logs_retention_days`. None: the workspace has no quota row. */
    readonly retentionDays: (workspaceId: string) => Effect.Effect<Option.Option<number>, DbFailure>
    /** Sets the limits and answers with the stored login, which stays as it is. None: there is no row yet. */
    readonly updateLimits: (change: LimitsChange) => Effect.Effect<Option.Option<StoredLogin>, DbFailure>
    /** Stores the login unless the workspace has one already, sets the limits, and answers with the stored login. */
    readonly create: (change: LimitsChange & StoredLogin) => Effect.Effect<StoredLogin, DbFailure>
  }
>() {}
