import type { Problem } from "./problems.ts"

const minute = 60_000

/**
 * When a failed proof of a new domain is tried again, after the issuance began. Unkey's frontline remembers for 30 s that a
 * host name is not served, and may say so for 5 min: what it learned before the route was there is forgotten at 7 min.
 * With the first try these are four failed validations of the five that Let's Encrypt allows for an account, a host name
 * and an hour (https://letsencrypt.org/docs/rate-limits/); the next is an hour away.
 */
const earlyRetries = [minute, 3 * minute, 7 * minute]

/** What the CA reports when it met a server that does not know the host name yet. */
const hostProblems = new Set(["unauthorized", "connection", "incorrectResponse", "tls"])

/**
 * From when a new domain is to be proven again, in Unix milliseconds; null when the problem is another one, or outlasts
 * these first minutes. A problem within an order or a challenge has no status of its own.
 */
export const nextEarlyRetry = ({ status, type }: Problem, begunAt: number, now: number): number | null => {
  if (status !== 0 || !hostProblems.has(type) || now < begunAt) return null
  const next = earlyRetries.find((after) => begunAt + after > now)
  return next === undefined ? null : begunAt + next
}
