import { SqlError } from "@effect/sql/SqlError"
import { Cause, Option, Predicate } from "effect"
import type { DbErrorReason, DbRefusedReason } from "../../services/Db.ts"

/** The reason of a failed statement, and the server's error number if the server responded, else the code of the socket. */
export interface SqlFailure {
  readonly reason: DbErrorReason | DbRefusedReason
  readonly errno?: number
  readonly code?: string
}

/**
 * Error numbers of MySQL 8.4 and 9 ("Server Error Message Reference") and MariaDB 10.11 ("MariaDB Error Codes"). Numbers that
 * differ are listed for both. Others are classified by SQLSTATE class.
 */
const reasonByErrno: ReadonlyMap<number, SqlFailure["reason"]> = new Map([
  [1020, "deadlock"], // innodb_snapshot_isolation of MariaDB: another transaction wrote the row first
  [1213, "deadlock"],
  [1205, "lock_wait"],
  [3572, "lock_wait"], // NOWAIT on MySQL; MariaDB answers 1205
  [1062, "duplicate_key"],
  [1169, "duplicate_key"],
  [1557, "duplicate_key"], // through a foreign key
  [1586, "duplicate_key"],
  [1022, "duplicate_key"],
  [1048, "constraint"], // NULL in a NOT NULL column
  [1216, "constraint"],
  [1217, "constraint"],
  [1364, "constraint"], // column without default left out
  [1451, "constraint"],
  [1452, "constraint"],
  [1644, "constraint"], // a trigger that raises
  [3819, "constraint"], // CHECK on MySQL
  [4025, "constraint"], // CHECK and invalid JSON on MariaDB
  [1118, "too_long"], // row
  [1153, "too_long"], // packet: the statement is larger than the server takes
  [1406, "too_long"],
  [1264, "out_of_range"],
  [1690, "out_of_range"], // of an expression
  [1210, "wrong_value"], // arguments of a prepared statement
  [1265, "wrong_value"], // unknown enum value
  [1267, "wrong_value"], // collations that cannot be compared
  [1292, "wrong_value"], // date, number
  [1300, "wrong_value"], // bytes that are no text
  [1366, "wrong_value"], // string that is not a number, or not of the column's character set
  [1411, "wrong_value"],
  [1525, "wrong_value"],
  [3140, "wrong_value"], // invalid JSON on MySQL
  [3988, "wrong_value"], // text that the column's character set does not have, MySQL
  [1051, "unknown_object"],
  [1054, "unknown_object"], // column
  [1146, "unknown_object"], // table
  [1305, "unknown_object"], // function
  [1142, "denied"], // command on a table
  [1143, "denied"], // column
  [1227, "denied"],
  [1370, "denied"],
  [1064, "syntax"],
  [1047, "connection"], // a node that has left its Galera cluster; the number of an unknown command elsewhere
  [1053, "connection"], // server shutdown in progress
  [1077, "connection"],
  [1079, "connection"],
  [1317, "connection"], // killed while a statement ran, MySQL
  [1927, "connection"], // connection killed, MariaDB
  [2002, "connection"], // numbers of clients, which proxies hand on
  [2003, "connection"],
  [2006, "connection"],
  [2013, "connection"],
  [3032, "connection"], // offline mode
  [3168, "connection"], // server is not available
  [3169, "connection"], // session was killed
  [4031, "connection"], // closed for inactivity, MySQL
  [1044, "login"], // the user may not use the database
  [1045, "login"],
  [1049, "login"], // no such database, returned when a connection opens
  [1130, "login"], // host
  [1698, "login"],
  [1820, "login"], // the password has to be changed first; 1862 when a connection opens
  [1862, "login"],
  [3159, "login"], // require_secure_transport, and the connection has no TLS
  [3118, "login"], // account is locked; 4151 on MariaDB
  [4151, "login"],
  [1290, "read_only"], // --read-only, which is how a demoted primary answers
  [1792, "read_only"],
  [1836, "read_only"],
  [1874, "read_only"], // --innodb-read-only: a replica of a cluster
  [1040, "too_many_connections"],
  [1203, "too_many_connections"],
  [1226, "too_many_connections"],
  [1461, "too_many_connections"], // prepared statements of all connections
  [1969, "timeout"], // max_statement_time, MariaDB
  [3024, "timeout"] // max_execution_time, MySQL
])

/**
 * SQLSTATE classes (ISO/IEC 9075-2, 24.1) in which a repeat fails as well: feature not supported, cardinality, data, integrity
 * constraint, syntax or access rule, check option, SIGNAL of a trigger. All other classes count as transient if the number is
 * unknown: 08, 40 and 70 are transient, and HY, the general error, also covers a full disk, a failover or a proxy (ProxySQL
 * 9001 to 9999, Vitess 1105). A permanent error misclassified as transient pauses after an hour with nothing lost; the opposite
 * mistake fails a deploy.
 */
const refusedClasses: ReadonlySet<string> = new Set(["0A", "21", "22", "23", "42", "44", "45"])

const sqlStateClass = (error: object): string =>
  Predicate.hasProperty(error, "sqlState") && Predicate.isString(error.sqlState) ? error.sqlState.slice(0, 2) : ""

/** Class 08: connection exception. */
const reasonOfClass = (state: string): SqlFailure["reason"] => {
  if (state === "08") return "connection"
  return refusedClasses.has(state) ? "other" : "unknown"
}

const reasonOf = (errno: number, error: object): SqlFailure["reason"] =>
  reasonByErrno.get(errno) ?? reasonOfClass(sqlStateClass(error))

/** Codes of the driver and of Node's sockets, for failures without a server response. */
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

/** Errors nest (SqlError, driver error, socket error); a deeper chain is a cycle. */
const maxDepth = 10

const own = (error: object): Option.Option<SqlFailure> => {
  if (Cause.isTimeoutException(error)) return Option.some({ reason: "timeout" })
  if (Predicate.hasProperty(error, "errno") && Predicate.isNumber(error.errno) && error.errno > 0) {
    return Option.some({ reason: reasonOf(error.errno, error), errno: error.errno })
  }
  if (Predicate.hasProperty(error, "code") && Predicate.isString(error.code) && connectionCodes.has(error.code)) {
    return Option.some({ reason: "connection", code: error.code })
  }
  // The driver sets `fatal` on every error that makes a connection unusable, also without a code.
  if (Predicate.hasProperty(error, "fatal") && error.fatal === true) return Option.some({ reason: "connection" })
  return Option.none()
}

/** Classifies by the numbers and codes in the chain of causes, never by a message. */
export const classifySqlError = (error: unknown): SqlFailure => {
  let current = error
  for (let depth = 0; depth < maxDepth && Predicate.isObject(current); depth++) {
    const found = own(current)
    if (Option.isSome(found)) return found.value
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return { reason: "unknown" }
}

/** State of the connection after a failed statement. */
export type Session = "usable" | "unusable" | "all-unusable"

/** Concerns the statement's rows or other transactions, not the next statement. */
const aboutRowsAlone: ReadonlySet<SqlFailure["reason"]> = new Set([
  "deadlock",
  "lock_wait",
  "timeout",
  "duplicate_key",
  "constraint",
  "too_long",
  "out_of_range",
  "wrong_value"
])

/**
 * Whether the connection may run another statement. Only after errors known to concern rows: otherwise its prepared statements
 * may be gone (1243, 1615) or too many (1461), a proxy may have lost its server, and new privileges or a new schema need a new
 * connection. If the server is no longer the primary, or shuts down, the other connections opened before are unusable too.
 */
export const sessionAfter = ({ reason }: SqlFailure): Session => {
  if (aboutRowsAlone.has(reason)) return "usable"
  return reason === "connection" || reason === "read_only" ? "all-unusable" : "unusable"
}

/** Finds the SqlError in a failure or defect. */
export const findSqlError = (error: unknown): Option.Option<SqlError> => {
  let current = error
  for (let depth = 0; depth < maxDepth && Predicate.isObject(current); depth++) {
    if (current instanceof SqlError) return Option.some(current)
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return Option.none()
}
