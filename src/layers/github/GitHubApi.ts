import { request } from "@octokit/request"
import { RequestError } from "@octokit/request-error"
import { Effect, Schema, type Scope } from "effect"
import {
  type GitHubError,
  type GitHubOperation,
  GitHubRefused,
  GitHubUnavailable
} from "../../services/builds/GitHub.ts"
import { asFetch } from "../outbound/asFetch.ts"
import { gitHub } from "../outbound/bounds.ts"
import { OutboundRefused, OutboundUnavailable, reasonOf, statusOf } from "../outbound/OutboundError.ts"
import { openOutbound } from "../outbound/OutboundHttp.ts"

export interface GitHubResponse<A> {
  readonly data: A
  /** GitHub's time from the Date header, in Unix milliseconds; null if absent. */
  readonly at: number | null
}

export interface ApiCall<A, I> {
  readonly operation: GitHubOperation
  /** Subject of the call, for a GitHubRefused. */
  readonly subject: string
  /** For instance `GET /repos/{owner}/{repo}/commits/{ref}`; parameters in braces are encoded. */
  readonly route: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly authorization?: string
  readonly answer: Schema.Schema<A, I>
}

export type CallGitHub = <A, I>(call: ApiCall<A, I>) => Effect.Effect<GitHubResponse<A>, GitHubError>

/** GitHub's rate limits return 429, or 403 with one of these headers (REST API, "rate limits"). */
const isRateLimited = ({ response, status }: RequestError): boolean =>
  status === 429 ||
  (status === 403 &&
    (response?.headers["x-ratelimit-remaining"] === "0" || response?.headers["retry-after"] !== undefined))

/** Octokit wraps the client's error as the cause of its own. */
const withoutAnswer = (operation: GitHubOperation, cause: unknown): GitHubUnavailable => {
  const failure = cause instanceof RequestError ? cause.cause : undefined
  return failure instanceof OutboundUnavailable || failure instanceof OutboundRefused
    ? new GitHubUnavailable({ operation, reason: reasonOf(failure), ...statusOf(failure) })
    : new GitHubUnavailable({ operation, reason: "unreachable" })
}

const classify = (operation: GitHubOperation, subject: string, cause: unknown): GitHubError => {
  if (!(cause instanceof RequestError) || cause.response === undefined) return withoutAnswer(operation, cause)
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
 * Calls GitHub's REST API: one request without retries; failures are classified by status and headers. Timeout 12 s. Redirects
 * within the host are followed. Nothing is logged.
 */
export const gitHubApi = (apiUrl: string): Effect.Effect<CallGitHub, never, Scope.Scope> =>
  Effect.gen(function* () {
    const send = request.defaults({
      baseUrl: apiUrl.replace(/\/+$/, ""),
      headers: {
        accept: "application/vnd.github+json",
        "user-agent": "control-plane-worker",
        "x-github-api-version": "2022-11-28"
      }
    })
    const outbound = yield* openOutbound({ bounds: gitHub, redirects: "same-origin" })
    const fetch = asFetch(outbound, yield* Effect.runtime<never>())
    return ({ answer, authorization, operation, parameters, route, subject }) =>
      Effect.tryPromise({
        try: (signal) =>
          send(route, {
            ...parameters,
            headers: authorization === undefined ? {} : { authorization },
            request: { fetch, signal, log: silent }
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
  })

const nothing = () => undefined
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Value of the Authorization header. */
export const bearer = (token: string): string => `bearer ${token}`
