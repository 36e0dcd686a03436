/** The longest window of a rate limit that a public CA documents is seven days; a later time than that is a mistake. */
const longestWait = 7 * 24 * 3_600_000

const seconds = /^\d{1,10}$/
/** The one form of a date that may still be sent (RFC 9110 section 5.6.7). */
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

const instantOf = (value: string, now: number): number => {
  if (seconds.test(value)) return now + Number(value) * 1000
  return httpDate.test(value) ? Date.parse(value) : Number.NaN
}

/**
 * What a Retry-After header (RFC 9110 section 10.2.3) says, as Unix milliseconds: never before `now` and never more than
 * seven days after it. Null when there is none or it is neither seconds nor a date.
 */
export const retryAfter = (header: string | undefined, now: number): number | null => {
  const instant = instantOf((header ?? "").trim(), now)
  return Number.isNaN(instant) ? null : Math.min(Math.max(instant, now), now + longestWait)
}
