import { HttpClientRequest } from "@effect/platform"
import { Data, type Duration, Effect, Redacted, Schedule, type Scope } from "effect"
import { git } from "../outbound/bounds.ts"
import type { OutboundResponse } from "../outbound/exchange.ts"
import type { OutboundError } from "../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../outbound/OutboundHttp.ts"

/** The commit that a build reads, and its credentials. */
export interface CloneRequest {
  /** The clone URL. */
  readonly url: string
  readonly commitSha: string
  /** Null: unauthenticated. */
  readonly token: Redacted.Redacted | null
}

/** The git server denies access. Final, except for a token that was just issued. */
export class CloneRefused extends Data.TaggedError("CloneRefused")<{
  readonly reason: "repository_not_accessible" | "commit_not_found"
  /** Null for a git protocol error or a redirect. */
  readonly status: number | null
}> {}

/** Whether the token was rejected; git servers also return 404 for an unknown token. */
export const isTokenRefused = ({ status }: CloneRefused): boolean => status === 401 || status === 403 || status === 404

/** The git server is unavailable. */
export class GitUnavailable extends Data.TaggedError("GitSilent")<{
  readonly reason: "unreachable" | "timeout" | "unavailable"
}> {}

const line = (content: string): string => `${(content.length + 4).toString(16).padStart(4, "0")}${content}`
const delimiter = "0001"
const flush = "0000"

/**
 * Requests one commit and claims to have it (gitprotocol-v2, command fetch): the server returns an empty pack if it may serve
 * the commit, and an error if it does not have it.
 */
export const fetchCommand = (sha: string): string =>
  [line("command=fetch"), delimiter, line(`want ${sha}\n`), line(`have ${sha}\n`), line("done\n"), flush].join("")

/** A response starts with four hexadecimal digits of length, followed by `ERR` for an error (gitprotocol-pack). */
export const isGitError = (answer: string): boolean => answer.slice(4, 8) === "ERR "
const isPack = (answer: string): boolean => answer.slice(4, 12) === "packfile"

const refusals: ReadonlyArray<number> = [401, 403, 404, 410, 451]

const ensureOk = ({ status }: OutboundResponse): Effect.Effect<void, CloneRefused | GitUnavailable> => {
  if (status === 200) return Effect.void
  return refusals.includes(status)
    ? new CloneRefused({ reason: "repository_not_accessible", status })
    : new GitUnavailable({ reason: "unavailable" })
}

const headers = ({ token }: CloneRequest): Record<string, string> => ({
  "git-protocol": "version=2",
  ...(token === null
    ? {}
    : {
        authorization: `Basic ${Buffer.from(`x-access-token:${Redacted.value(token)}`).toString("base64")}`
      })
})

/** A redirect to another server means that the repository is not here. */
const ofOutbound = (error: OutboundError): CloneRefused | GitUnavailable => {
  if (error.reason === "redirected") return new CloneRefused({ reason: "repository_not_accessible", status: null })
  if (error._tag === "OutboundRefused") return new GitUnavailable({ reason: "unavailable" })
  return new GitUnavailable({ reason: error.reason === "timeout" ? "timeout" : "unreachable" })
}

const service = "git-upload-pack"

/** A deploy starts within a second of a push; a replica of the git server may see the commit later. */
const newCommitRetry = Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(2))
const isNotFound = (error: CloneRefused | GitUnavailable): boolean => error.reason === "commit_not_found"

/** An HTTP client for a git server. Renamed repositories redirect: redirects within the server are followed. */
export const gitClient: Effect.Effect<OutboundHttp, never, Scope.Scope> = openOutbound({
  bounds: git,
  redirects: "same-origin"
})

/**
 * Succeeds if the git server gives the token's owner that commit of that repository. BuildKit itself does not check: its cache
 * of git sources is keyed by the commit alone, so a build with a wrong token, or another repository's URL, would get the files
 * of whichever build fetched that commit before.
 */
export const authorizeClone = (
  send: OutboundHttp,
  request: CloneRequest,
  timeout: Duration.DurationInput
): Effect.Effect<void, CloneRefused | GitUnavailable> =>
  Effect.gen(function* () {
    const ask = (asked: HttpClientRequest.HttpClientRequest) =>
      send(HttpClientRequest.setHeaders(asked, headers(request))).pipe(
        Effect.mapError(ofOutbound),
        Effect.tap(ensureOk)
      )
    const found = yield* ask(HttpClientRequest.get(`${request.url}/info/refs?service=${service}`))
    // A renamed repository has moved to this path; a request with a body is not redirected.
    const base = found.url.href.split("/info/refs", 1)[0] ?? request.url
    const command = HttpClientRequest.bodyText(fetchCommand(request.commitSha), `application/x-${service}-request`)
    const look = Effect.gen(function* () {
      const { text } = yield* ask(command(HttpClientRequest.post(`${base}/${service}`)))
      if (isGitError(text)) return yield* new CloneRefused({ reason: "commit_not_found", status: null })
      if (!isPack(text)) return yield* new GitUnavailable({ reason: "unavailable" })
    })
    yield* Effect.retry(look, { schedule: newCommitRetry, while: isNotFound })
  }).pipe(
    Effect.timeoutFail({ duration: timeout, onTimeout: () => new GitUnavailable({ reason: "timeout" }) }),
    Effect.withSpan("Git.authorizeClone")
  )
