import { SqlError } from "@effect/sql/SqlError"
import { Cause, Option, Predicate } from "effect"
import type { DbErrorReason } from "../../services/Db.ts"

/** What is known of a failed statement: the reason, and the server's error number when the server answered. */
export interface SqlFailure {
  readonly reason: DbErrorReason
  readonly errno?: number
}

/** Server error numbers. Those that differ between MySQL and MariaDB are both listed. */
const reasonByErrno: ReadonlyMap<number, DbErrorReason> = new Map([
  [1213, "deadlock"],
  [1205, "lock_wait"],
  [3572, "lock_wait"], // NOWAIT on MySQL; MariaDB answers 1205
  [1062, "duplicate_key"],
  [1586, "duplicate_key"],
  [1022, "duplicate_key"],
  [1048, "constraint"], // NULL in a NOT NULL column
  [1216, "constraint"],
  [1217, "constraint"],
  [1264, "constraint"], // number out of range
  [1265, "constraint"], // unknown enum value
  [1364, "constraint"], // column without default left out
  [1366, "constraint"], // string that is not a number
  [1406, "constraint"], // string too long
  [1451, "constraint"],
  [1452, "constraint"],
  [3140, "constraint"], // invalid JSON on MySQL
  [3819, "constraint"], // CHECK on MySQL
  [4025, "constraint"], // CHECK and invalid JSON on MariaDB
  [1053, "connection"], // server shutdown in progress
  [1077, "connection"],
  [1079, "connection"],
  [1317, "connection"], // killed while a statement ran, MySQL
  [1927, "connection"], // connection killed, MariaDB
  [2006, "connection"],
  [2013, "connection"],
  [4031, "connection"], // closed for inactivity, MySQL
  [1290, "read_only"], // --read-only, which is how a demoted primary answers
  [1792, "read_only"],
  [1836, "read_only"],
  [1040, "too_many_connections"],
  [1203, "too_many_connections"],
  [1226, "too_many_connections"],
  [1969, "timeout"], // max_statement_time, MariaDB
  [3024, "timeout"] // max_execution_time, MySQL
])

/** Codes of the driver and of Node's sockets, for failures in which no server spoke. */
const connectionCodes: ReadonlySet<string> = new Set([
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT"
])

/** Errors nest (SqlError around the driver's error around the socket's); deeper than this is a cycle. */
const maxDepth = 10

const own = (error: object): Option.Option<SqlFailure> => {
  if (Cause.isTimeoutException(error)) return Option.some({ reason: "timeout" })
  if (Predicate.hasProperty(error, "errno") && Predicate.isNumber(error.errno) && error.errno > 0) {
    return Option.some({ reason: reasonByErrno.get(error.errno) ?? "unknown", errno: error.errno })
  }
  if (Predicate.hasProperty(error, "code") && Predicate.isString(error.code) && connectionCodes.has(error.code)) {
    return Option.some({ reason: "connection" })
  }
  // The driver marks every error after which a connection is unusable, those without a code included.
  if (Predicate.hasProperty(error, "fatal") && error.fatal === true) return Option.some({ reason: "connection" })
  return Option.none()
}

/** Tells why a statement failed by the numbers and codes found along the chain of causes, never by a message. */
export const classifySqlError = (error: unknown): SqlFailure => {
  let current = error
  for (let depth = 0; depth < maxDepth && Predicate.isObject(current); depth++) {
    const found = own(current)
    if (Option.isSome(found)) return found.value
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return { reason: "unknown" }
}

/** The SqlError that a value is or wraps, in a failure or a defect alike. */
export const findSqlError = (error: unknown): Option.Option<SqlError> => {
  let current = error
  for (let depth = 0; depth < maxDepth && Predicate.isObject(current); depth++) {
    if (current instanceof SqlError) return Option.some(current)
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return Option.none()
}
