import { day } from "../../text/millis.ts"

/** The longest documented rate-limit window of a public CA is seven days; a later time is an error. */
const maxRetryAfter = 7 * day

const seconds = /^\d{1,10}$/
/** The only date format that servers may still send (RFC 9110 section 5.6.7). */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

const instantOf = (value: string, now: number): number => {
  if (seconds.test(value)) return now + Number(value) * 1000
  return httpDate.test(value) ? Date.parse(value) : Number.NaN
}

/**
 * Parses a Retry-After header (RFC 9110 section 10.2.3) as Unix milliseconds, limited to seven days from `now`. Null if it is
 * absent or neither seconds nor a date.
 */
export const retryAfter = (header: string | undefined, now: number): number | null => {
  const instant = instantOf((header ?? "").trim(), now)
  return Number.isNaN(instant) ? null : Math.min(Math.max(instant, now), now + maxRetryAfter)
}
