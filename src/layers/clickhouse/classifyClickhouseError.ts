import { ClickHouseError } from "@clickhouse/client"
import type { ClickhouseUnavailable } from "../../services/clickhouse/Usage.ts"

/** The reason of a failed request, and the server's exception code or Node's error code. */
export type ClickhouseFailure = Pick<ClickhouseUnavailable, "reason" | "code">

/** The server's exception codes. Any other code means that the server rejects the statement. */
const reasonByCode: ReadonlyMap<string, ClickhouseFailure["reason"]> = new Map([
  ["159", "timeout"], // TIMEOUT_EXCEEDED
  ["160", "timeout"], // TOO_SLOW
  ["209", "timeout"], // SOCKET_TIMEOUT
  ["202", "unreachable"], // TOO_MANY_SIMULTANEOUS_QUERIES
  ["210", "unreachable"], // NETWORK_ERROR
  ["236", "unreachable"], // ABORTED, which is how a server that shuts down answers
  ["241", "unreachable"], // MEMORY_LIMIT_EXCEEDED
  ["279", "unreachable"], // ALL_CONNECTION_TRIES_FAILED
  ["394", "unreachable"], // QUERY_WAS_CANCELLED
  ["999", "unreachable"], // KEEPER_EXCEPTION
  ["192", "denied"], // UNKNOWN_USER
  ["193", "denied"], // WRONG_PASSWORD
  ["194", "denied"], // REQUIRED_PASSWORD
  ["195", "denied"], // IP_ADDRESS_NOT_ALLOWED
  ["291", "denied"], // DATABASE_ACCESS_DENIED
  ["497", "denied"], // ACCESS_DENIED
  ["516", "denied"] // AUTHENTICATION_FAILED
])

/** Classifies by code, never by message: a message may quote the statement and its values. */
export const classifyClickhouseError = (error: Error): ClickhouseFailure =>
  error instanceof ClickHouseError && /^[1-9]\d*$/.test(error.code)
    ? { reason: reasonByCode.get(error.code) ?? "refused", code: error.code }
    : { reason: "unexpected-answer" }
