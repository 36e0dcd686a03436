import { HttpClientRequest } from "@effect/platform"
import { Data, type Duration, Effect, Redacted, Schedule, type Scope } from "effect"
import { git } from "../outbound/bounds.ts"
import type { OutboundAnswer } from "../outbound/exchange.ts"
import type { OutboundError } from "../outbound/OutboundError.ts"
import { type OutboundHttp, openOutbound } from "../outbound/OutboundHttp.ts"

/** What a build wants to read, and with what. */
export interface CloneRequest {
  /** Where git serves the repository. */
  readonly url: string
  readonly commitSha: string
  /** Null reads as nobody. */
  readonly token: Redacted.Redacted | null
}

/** The git server's answer. It speaks for the owner of the repository, so its no is final, unless the token is too young. */
export class CloneRefused extends Data.TaggedError("CloneRefused")<{
  readonly reason: "repository_not_accessible" | "commit_not_found"
  /** Null where git answered, or sent us elsewhere. */
  readonly status: number | null
}> {}

/** A no to the token, or what git servers say instead to a token that they do not know. */
export const isTokenRefused = ({ status }: CloneRefused): boolean => status === 401 || status === 403 || status === 404

/** The git server has no answer now. */
export class GitSilent extends Data.TaggedError("GitSilent")<{
  readonly reason: "unreachable" | "timeout" | "unavailable"
}> {}

const line = (content: string): string => `${(content.length + 4).toString(16).padStart(4, "0")}${content}`
const delimiter = "0001"
const flush = "0000"

/**
 * Asks for one commit and says that it is here already (gitprotocol-v2, command fetch): a server that may give it answers
 * with an empty pack, one that does not have it with an error.
 */
export const fetchCommand = (sha: string): string =>
  [line("command=fetch"), delimiter, line(`want ${sha}\n`), line(`have ${sha}\n`), line("done\n"), flush].join("")

/** Every answer begins with four hexadecimal digits of length; an error then says so (gitprotocol-pack). */
export const isGitError = (answer: string): boolean => answer.slice(4, 8) === "ERR "
const isPack = (answer: string): boolean => answer.slice(4, 12) === "packfile"

const refusals: ReadonlyArray<number> = [401, 403, 404, 410, 451]

const ensureOk = ({ status }: OutboundAnswer): Effect.Effect<void, CloneRefused | GitSilent> => {
  if (status === 200) return Effect.void
  return refusals.includes(status)
    ? new CloneRefused({ reason: "repository_not_accessible", status })
    : new GitSilent({ reason: "unavailable" })
}

const headers = ({ token }: CloneRequest): Record<string, string> => ({
  "git-protocol": "version=2",
  ...(token === null
    ? {}
    : {
        authorization: `Basic ${Buffer.from(`x-access-token:${Redacted.value(token)}`).toString("base64")}`
      })
})

/** Who sends us elsewhere does not have the repository. */
const ofOutbound = (error: OutboundError): CloneRefused | GitSilent => {
  if (error.reason === "redirected") return new CloneRefused({ reason: "repository_not_accessible", status: null })
  if (error._tag === "OutboundRefused") return new GitSilent({ reason: "unavailable" })
  return new GitSilent({ reason: error.reason === "timeout" ? "timeout" : "unreachable" })
}

const service = "git-upload-pack"

/** A push starts a deploy within a second, and the server that is asked may see the commit after that. */
const justPushed = Schedule.intersect(Schedule.exponential("1 second"), Schedule.recurs(2))
const isNotFound = (error: CloneRefused | GitSilent): boolean => error.reason === "commit_not_found"

/** Asks a git server. A renamed repository answers from its new path: redirects are followed within the server. */
export const gitClient: Effect.Effect<OutboundHttp, never, Scope.Scope> = openOutbound({
  bounds: git,
  redirects: "same-origin"
})

/**
 * Succeeds when the git server lets whoever holds the token have that commit of that repository. BuildKit itself does not
 * ask: its cache of git sources is keyed by the commit alone, so a build with a wrong token, or even with the address of
 * another repository, would be given the files of whoever built that commit before.
 */
export const authorizeClone = (
  send: OutboundHttp,
  request: CloneRequest,
  timeout: Duration.DurationInput
): Effect.Effect<void, CloneRefused | GitSilent> =>
  Effect.gen(function* () {
    const ask = (asked: HttpClientRequest.HttpClientRequest) =>
      send(HttpClientRequest.setHeaders(asked, headers(request))).pipe(
        Effect.mapError(ofOutbound),
        Effect.tap(ensureOk)
      )
    const found = yield* ask(HttpClientRequest.get(`${request.url}/info/refs?service=${service}`))
    // A renamed repository answers from its new path; a request with a body is not led there.
    const base = found.url.href.split("/info/refs", 1)[0] ?? request.url
    const command = HttpClientRequest.bodyText(fetchCommand(request.commitSha), `application/x-${service}-request`)
    const look = Effect.gen(function* () {
      const { text } = yield* ask(command(HttpClientRequest.post(`${base}/${service}`)))
      if (isGitError(text)) return yield* new CloneRefused({ reason: "commit_not_found", status: null })
      if (!isPack(text)) return yield* new GitSilent({ reason: "unavailable" })
    })
    yield* Effect.retry(look, { schedule: justPushed, while: isNotFound })
  }).pipe(
    Effect.timeoutFail({ duration: timeout, onTimeout: () => new GitSilent({ reason: "timeout" }) }),
    Effect.withSpan("Git.authorizeClone")
  )
