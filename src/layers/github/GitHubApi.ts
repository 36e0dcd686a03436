import { request } from "@octokit/request"
import { RequestError } from "@octokit/request-error"
import { Effect, Schema } from "effect"
import { type GitHubError, type GitHubOperation, GitHubRefused, GitHubUnavailable } from "../../services/GitHub.ts"

export interface Answer<A> {
  readonly data: A
  /** What GitHub's clock said, in Unix milliseconds; null when it did not. */
  readonly at: number | null
}

export interface ApiCall<A, I> {
  readonly operation: GitHubOperation
  /** What it is about, for a refusal. */
  readonly subject: string
  /** For instance `GET /repos/{owner}/{repo}/commits/{ref}`: what stands in braces is encoded. */
  readonly route: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly authorization?: string
  readonly answer: Schema.Schema<A, I>
}

export type CallGitHub = <A, I>(call: ApiCall<A, I>) => Effect.Effect<Answer<A>, GitHubError>

/** Two of them fit into the 30 s of a step. */
const requestTimeout = 12_000

/** GitHub's limits answer 429, or 403 with one of these headers (REST API, "rate limits"). */
const isRateLimited = ({ response, status }: RequestError): boolean =>
  status === 429 ||
  (status === 403 &&
    (response?.headers["x-ratelimit-remaining"] === "0" || response?.headers["retry-after"] !== undefined))

const isTimeout = (cause: unknown): boolean =>
  cause instanceof Error &&
  (cause.name === "TimeoutError" || (cause.cause instanceof Error && cause.cause.name === "TimeoutError"))

const classify = (operation: GitHubOperation, subject: string, cause: unknown): GitHubError => {
  if (!(cause instanceof RequestError) || cause.response === undefined) {
    return new GitHubUnavailable({ operation, reason: isTimeout(cause) ? "timeout" : "unreachable" })
  }
  const { status } = cause
  if (isRateLimited(cause)) return new GitHubUnavailable({ operation, reason: "rate_limited", status })
  if (status >= 500 || status === 408) return new GitHubUnavailable({ operation, reason: "unavailable", status })
  const gone = operation === "installation-token" && status === 404
  return new GitHubRefused({ operation, subject, reason: gone ? "installation_missing" : "denied", status })
}

const clockOf = (headers: { readonly date?: string | undefined }): number | null => {
  const at = Date.parse(headers.date ?? "")
  return Number.isNaN(at) ? null : at
}

/**
 * Calls GitHub's REST API: one request each, never repeated, and every way it can fail told by status and headers. The
 * request ends by itself within 12 s. Nothing of it is logged.
 */
export const gitHubApi = (apiUrl: string): CallGitHub => {
  const send = request.defaults({
    baseUrl: apiUrl.replace(/\/+$/, ""),
    headers: {
      accept: "application/vnd.github+json",
      "user-agent": "control-plane-worker",
      "x-github-api-version": "2022-11-28"
    }
  })
  return ({ answer, authorization, operation, parameters, route, subject }) =>
    Effect.tryPromise({
      try: () =>
        send(route, {
          ...parameters,
          headers: authorization === undefined ? {} : { authorization },
          request: { signal: AbortSignal.timeout(requestTimeout), log: silent }
        }),
      catch: (cause) => classify(operation, subject, cause)
    }).pipe(
      Effect.flatMap(({ data, headers }) =>
        Schema.decodeUnknown(answer)(data).pipe(
          Effect.mapBoth({
            onSuccess: (decoded) => ({ data: decoded, at: clockOf(headers) }),
            onFailure: () => new GitHubUnavailable({ operation, reason: "unexpected-answer" })
          })
        )
      ),
      Effect.withSpan(`GitHub.${operation}`)
    )
}

const nothing = () => undefined
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** How a token is presented. */
export const bearer = (token: string): string => `bearer ${token}`
