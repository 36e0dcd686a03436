import { Duration, type Redacted } from "effect"

/** A token and its lease. Durations and instants are milliseconds. */
export interface TokenLease {
  readonly token: Redacted.Redacted
  readonly renewable: boolean
  /** Remaining TTL at `since`; zero for a token that does not expire or cannot be renewed. */
  readonly ttl: number
  readonly since: number
  /** TTL granted at login; a renewal grants the same unless the token nears its maximum TTL. */
  readonly lifetime: number
}

/** A timer of more than 24.8 days fires at once; waking every hour costs nothing. */
const longestPause = Duration.toMillis("1 hour")
const shortestPause = Duration.toMillis("1 second")

/** Renewal is due after two thirds of the TTL, which leaves a third to outlast an outage. */
const dueAt = ({ since, ttl }: TokenLease): number => since + (ttl * 2) / 3

export const isDue = (grant: TokenLease, now: number): boolean => grant.ttl > 0 && now >= dueAt(grant)

/** The time until the next check of the token. */
export const delayUntilDue = (grant: TokenLease, now: number): Duration.Duration =>
  Duration.millis(grant.ttl === 0 ? longestPause : Math.min(longestPause, Math.max(shortestPause, dueAt(grant) - now)))

/** A renewal grants a shorter TTL once the token nears its maximum TTL: log in again. */
export const isNearMaxTtl = ({ lifetime, ttl }: TokenLease): boolean => ttl * 2 < lifetime
