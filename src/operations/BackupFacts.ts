import { Context, type Effect } from "effect"
import type { DbFailure } from "../services/Db.ts"
import type { RestateAdminError } from "./RestateAdmin.ts"

/** Variables of the server that decide to which moments MySQL can be restored. Every account may read them. */
export const backupVariables = [
  "log_bin",
  "binlog_format",
  "binlog_expire_logs_seconds",
  "sync_binlog",
  "innodb_flush_log_at_trx_commit"
] as const
export type BackupVariable = (typeof backupVariables)[number]

export interface DatabaseFacts {
  readonly version: string
  /** A variable that the server does not have is absent. */
  readonly variables: Partial<Readonly<Record<BackupVariable, string>>>
}

export interface RestateFacts {
  readonly version: string
  readonly openInvocations: number
}

/** What the two stores of the control plane's state say about backups. Read-only. */
export class BackupFacts extends Context.Tag("ctrl-worker/BackupFacts")<
  BackupFacts,
  {
    readonly database: Effect.Effect<DatabaseFacts, DbFailure>
    readonly restate: Effect.Effect<RestateFacts, RestateAdminError>
    /** MySQL's clock, in Unix milliseconds. */
    readonly databaseClock: Effect.Effect<number, DbFailure>
    /** Restate's clock, in Unix milliseconds. */
    readonly restateClock: Effect.Effect<number, RestateAdminError>
  }
>() {}
