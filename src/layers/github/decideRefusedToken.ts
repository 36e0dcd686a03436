import { Duration } from "effect"

/** A token that GitHub issued and now rejects. */
export interface RefusedToken {
  /** Time since its issue. */
  readonly ageMillis: number
  /** GitHub accepted it before. */
  readonly isProven: boolean
  /** It replaced a rejected token. */
  readonly isReplacement: boolean
}

/**
 * A new token reaches GitHub's servers with a delay, and gets 401 until then ("@octokit/auth-app", on 401 of new tokens; on
 * github.com usually seconds).
 */
const longestDelayMillis = Duration.toMillis("1 minute")

/**
 * `keep`: retry later with the same token; a new one would be as young. `replace`: the token was revoked early. `refuse`: a
 * replacement was rejected too, so the token is not the cause.
 */
export const decideRefusedToken = ({
  ageMillis,
  isProven,
  isReplacement
}: RefusedToken): "keep" | "replace" | "refuse" => {
  // Also for an accepted token: the next request may reach another of GitHub's servers.
  if (ageMillis < longestDelayMillis) return "keep"
  return isReplacement && !isProven ? "refuse" : "replace"
}
