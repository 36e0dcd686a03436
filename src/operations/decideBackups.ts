import { Duration } from "effect"
import type { DatabaseFacts, RestateFacts } from "./BackupFacts.ts"

export interface BackupFinding {
  readonly subject: string
  /** `problem`: a restore to one moment fails or loses data because of it. `unknown`: no server says it. */
  readonly status: "ok" | "problem" | "unknown"
  readonly detail: string
  readonly advice: string | null
}

export interface MeasuredFacts {
  readonly database: DatabaseFacts
  readonly restate: RestateFacts
  /** How far MySQL's clock is ahead of Restate's, in milliseconds. */
  readonly clockDifference: number
}

/** A moment is named by its time: with a larger difference the two stores are restored to different moments. */
const maxClockDifference = Duration.seconds(1)

/** The full backup before a moment and the log from there on are both needed; full backups are usually daily. */
const minRetention = Duration.days(1)

const isOn = (value: string): boolean => ["ON", "1"].includes(value.toUpperCase())

const binaryLog = ({ variables: { log_bin: log } }: DatabaseFacts): BackupFinding => {
  const subject = "MySQL: binary log"
  if (log === undefined)
    return {
      subject,
      status: "unknown",
      detail: "the server has no variable log_bin",
      advice: "Ask its provider for point-in-time recovery"
    }
  return isOn(log)
    ? { subject, status: "ok", detail: "is on: a full backup can be rolled forward to a moment", advice: null }
    : {
        subject,
        status: "problem",
        detail: "is off: only the moments of full backups can be restored",
        advice: "Turn on log_bin, unless the provider offers point-in-time recovery by other means"
      }
}

const format = ({ variables: { binlog_format: format } }: DatabaseFacts): ReadonlyArray<BackupFinding> => {
  const subject = "MySQL: log format"
  if (format === undefined) return []
  return format.toUpperCase() === "ROW"
    ? [{ subject, status: "ok", detail: "ROW: replaying it gives the same rows", advice: null }]
    : [
        {
          subject,
          status: "problem",
          detail: `${format}: replaying a statement may give other rows`,
          advice: "Set binlog_format to ROW"
        }
      ]
}

const retention = ({ variables: { binlog_expire_logs_seconds: kept } }: DatabaseFacts): BackupFinding => {
  const subject = "MySQL: log retention"
  if (kept === undefined || !/^\d+$/.test(kept))
    return { subject, status: "unknown", detail: "the server does not say how long logs are kept", advice: null }
  const span = Duration.seconds(Number(kept))
  if (Duration.equals(span, Duration.zero))
    return { subject, status: "ok", detail: "logs are kept until they are purged", advice: null }
  return Duration.greaterThanOrEqualTo(span, minRetention)
    ? { subject, status: "ok", detail: `logs are kept for ${Duration.format(span)}`, advice: null }
    : {
        subject,
        status: "problem",
        detail: `logs are kept for ${Duration.format(span)}, less than the time between daily backups`,
        advice: "Raise binlog_expire_logs_seconds, or copy the logs away before they expire"
      }
}

const durability = ({ variables }: DatabaseFacts): BackupFinding => {
  const subject = "MySQL: durability"
  const { innodb_flush_log_at_trx_commit: flush, sync_binlog: sync } = variables
  if (flush === undefined || sync === undefined)
    return { subject, status: "unknown", detail: "the server does not say when it writes to disk", advice: null }
  const wrong = [
    ...(sync === "1" ? [] : [`sync_binlog is ${sync}`]),
    ...(flush === "1" ? [] : [`innodb_flush_log_at_trx_commit is ${flush}`])
  ]
  return wrong.length === 0
    ? {
        subject,
        status: "ok",
        detail: "each commit is on disk, in the tables' log and in the binary log",
        advice: null
      }
    : {
        subject,
        status: "problem",
        detail: `${wrong.join(" and ")}: a crash loses commits that Restate has as done`,
        advice: "Set both to 1"
      }
}

const clocks = ({ clockDifference }: MeasuredFacts): BackupFinding => {
  const subject = "clocks"
  const difference = Math.abs(clockDifference)
  const detail = `MySQL's and Restate's differ by ${difference} ms`
  return difference <= Duration.toMillis(maxClockDifference)
    ? { subject, status: "ok", detail, advice: null }
    : {
        subject,
        status: "problem",
        detail,
        advice: "Synchronize the clocks of both machines: a moment is named by its time"
      }
}

/** Of backups the admin API says nothing: neither its requests nor its SQL tables (1.7) name one. */
const restateBackups: BackupFinding = {
  subject: "Restate: backups",
  status: "unknown",
  detail: "Restate's admin API does not say whether and when its data are copied",
  advice:
    "On a single node, copy its data volume at the moment to which MySQL is rolled forward. A cluster of several nodes has snapshots of partitions, which are no backup to one moment"
}

const openWork = ({ openInvocations }: RestateFacts): BackupFinding => ({
  subject: "Restate: open work",
  status: "ok",
  detail: `${openInvocations} invocations are open: without a copy of Restate's data they would be lost`,
  advice: null
})

/** What is known about restoring MySQL and Restate to one moment. */
export const decideBackups = (facts: MeasuredFacts): ReadonlyArray<BackupFinding> => {
  const log = binaryLog(facts.database)
  return [
    log,
    // Without a log its format and age mean nothing.
    ...(log.status === "ok" ? [...format(facts.database), retention(facts.database)] : []),
    durability(facts.database),
    clocks(facts),
    restateBackups,
    openWork(facts.restate)
  ]
}

/** `no`: something has to change first. `unknown`: what the servers do not say decides. */
export const restorable = (findings: ReadonlyArray<BackupFinding>): "no" | "unknown" | "yes" => {
  if (findings.some(({ status }) => status === "problem")) return "no"
  return findings.some(({ status }) => status === "unknown") ? "unknown" : "yes"
}
