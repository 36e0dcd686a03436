import { minute } from "../../../text/millis.ts"
import type { Problem } from "../problems.ts"

/**
 * Retries of a new domain's failed validation, from the beginning of its issuance. Unkey's frontline caches for 30 s
 * that a host name is not served and may serve that answer stale for 5 min, so an answer from before the route existed
 * has expired at 7 min. With the first attempt these are four failed validations of the five that Let's Encrypt allows
 * per account, host name and hour (https://letsencrypt.org/docs/rate-limits/); the next one follows an hour later.
 */
const earlyRetries = [minute, 3 * minute, 7 * minute]

/** Problems that the CA reports when the server does not know the host name yet. */
const hostProblems = new Set(["unauthorized", "connection", "incorrectResponse", "tls"])

/**
 * When to retry a new domain's validation, in Unix milliseconds; null for other problems and after the last early
 * retry. A problem of an order or challenge has status 0.
 */
export const nextEarlyRetry = ({ status, type }: Problem, begunAt: number, now: number): number | null => {
  if (status !== 0 || !hostProblems.has(type) || now < begunAt) return null
  const next = earlyRetries.find((after) => begunAt + after > now)
  return next === undefined ? null : begunAt + next
}
