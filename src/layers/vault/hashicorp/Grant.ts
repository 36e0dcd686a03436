import { Duration, type Redacted } from "effect"

/** A token and what Vault said of it. Durations and instants are milliseconds. */
export interface Grant {
  readonly token: Redacted.Redacted
  readonly renewable: boolean
  /** Left to live at `since`; zero for a token that does not end, or that nothing can prolong. */
  readonly ttl: number
  readonly since: number
  /** What the login gave: what a renewal that is not near the token's maximum gives too. */
  readonly lifetime: number
}

/** A timer of more than 24.8 days fires at once; nothing is lost by looking every hour. */
const longestPause = Duration.toMillis("1 hour")
const shortestPause = Duration.toMillis("1 second")

/** Renewed after two thirds of its time, which leaves a third to get over a Vault that is away. */
const dueAt = ({ since, ttl }: Grant): number => since + (ttl * 2) / 3

export const isDue = (grant: Grant, now: number): boolean => grant.ttl > 0 && now >= dueAt(grant)

/** Until it is worth looking at the grant again. */
export const pauseBeforeLook = (grant: Grant, now: number): Duration.Duration =>
  Duration.millis(grant.ttl === 0 ? longestPause : Math.min(longestPause, Math.max(shortestPause, dueAt(grant) - now)))

/** A renewal gives less than before once the token nears its maximum: then it is time for another login. */
export const nearsItsMaximum = ({ lifetime, ttl }: Grant): boolean => ttl * 2 < lifetime
