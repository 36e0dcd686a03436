import type { Headers } from "@effect/platform"
import { Effect } from "effect"
import { ApiProblem } from "./ApiProblem.ts"

const hostOf = (origin: string): string | null => URL.parse(origin)?.host ?? null

/**
 * Whether a request comes from the console's own page, or from a program. A page of another site cannot leave out these headers,
 * and cannot set `x-forwarded-host`, which a proxy adds that replaces `host`.
 */
export const isSameOrigin = (headers: Headers.Headers): boolean => {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) return site === "same-origin"
  const { origin } = headers
  if (origin === undefined) return true
  const host = hostOf(origin)
  return host !== null && [headers.host, headers["x-forwarded-host"]].includes(host)
}

/** Refuses what a page of another site can make a browser send. */
export const requireSameOrigin = (headers: Headers.Headers): Effect.Effect<void, ApiProblem> =>
  isSameOrigin(headers)
    ? Effect.void
    : new ApiProblem({ status: 403, error: "the request comes from a page of another site" })
