import { Duration } from "effect"

/** What is known of a token that GitHub has issued and now refuses. */
export interface RefusedToken {
  /** Since its issue. */
  readonly ageMillis: number
  /** GitHub has taken it before. */
  readonly isProven: boolean
  /** It was asked for because the one before it was refused. */
  readonly isReplacement: boolean
}

/**
 * A new token reaches GitHub's servers with a delay, and is answered with 401 until then ("@octokit/auth-app", on 401 of
 * new tokens; on github.com usually seconds).
 */
const longestDelayMillis = Duration.toMillis("1 minute")

/**
 * What becomes of it. `keep`: the same token is asked with again later; another one would be as young. `replace`: it has
 * ended before its time. `refuse`: its replacement fares no better, so that the token is not what is refused.
 */
export const decideRefusedToken = ({
  ageMillis,
  isProven,
  isReplacement
}: RefusedToken): "keep" | "replace" | "refuse" => {
  // Also one that was taken: the next question can reach another of GitHub's servers.
  if (ageMillis < longestDelayMillis) return "keep"
  return isReplacement && !isProven ? "refuse" : "replace"
}
