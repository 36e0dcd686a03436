import { ClickHouseError } from "@clickhouse/client"
import { Predicate } from "effect"
import type { ClickhouseUnavailable } from "../../services/Usage.ts"

/** What is known of a failed request: the reason, and the number of the server's exception or the code of Node's error. */
export type ClickhouseFailure = Pick<ClickhouseUnavailable, "reason" | "code">

/** Exception numbers of the server. Every other one means that it understood us and refuses. */
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

/** Errors nest (a failed connection holds one error for each address); deeper than this is a cycle. */
const maxDepth = 10

/** The first code along the chain of causes that Node gave: ECONNREFUSED, ENOTFOUND, CERT_HAS_EXPIRED and the like. */
const nodeCode = (error: unknown): string | undefined => {
  let current = error
  for (let depth = 0; depth < maxDepth && Predicate.isObject(current); depth++) {
    if (Predicate.hasProperty(current, "code") && Predicate.isString(current.code)) return current.code
    current = Predicate.hasProperty(current, "cause") ? current.cause : undefined
  }
  return undefined
}

/** Tells why a request failed by numbers and codes, never by a message: a message may quote the statement and its values. */
export const classifyClickhouseError = (error: unknown): ClickhouseFailure => {
  if (error instanceof ClickHouseError) {
    const isRefusal = /^[1-9]\d*$/.test(error.code)
    return isRefusal
      ? { reason: reasonByCode.get(error.code) ?? "refused", code: error.code }
      : { reason: "unexpected-answer" }
  }
  const code = nodeCode(error)
  return code === undefined ? { reason: "unexpected-answer" } : { reason: "unreachable", code }
}
