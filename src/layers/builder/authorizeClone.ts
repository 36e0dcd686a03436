import { Data, type Duration, Effect, Redacted } from "effect"

/** What a build wants to read, and with what. */
export interface CloneRequest {
  /** Where git serves the repository. */
  readonly url: string
  readonly commitSha: string
  /** Null reads as nobody. */
  readonly token: Redacted.Redacted | null
}

/** The git server's answer. It speaks for the owner of the repository, so its no is final. */
export class CloneRefused extends Data.TaggedError("CloneRefused")<{
  readonly reason: "repository_not_accessible" | "commit_not_found"
}> {}

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

const ensureOk = ({ status }: Response): Effect.Effect<void, CloneRefused | GitSilent> => {
  if (status === 200) return Effect.void
  return refusals.includes(status)
    ? new CloneRefused({ reason: "repository_not_accessible" })
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

const send = (url: string, init: RequestInit) =>
  Effect.tryPromise({
    try: (signal) => fetch(url, { ...init, signal }),
    catch: () => new GitSilent({ reason: "unreachable" })
  }).pipe(Effect.tap(ensureOk))

const textOf = (response: Response) =>
  Effect.tryPromise({ try: () => response.text(), catch: () => new GitSilent({ reason: "unreachable" }) })

const service = "git-upload-pack"

/**
 * Succeeds when the git server lets whoever holds the token have that commit of that repository. BuildKit itself does not
 * ask: its cache of git sources is keyed by the commit alone, so a build with a wrong token, or even with the address of
 * another repository, would be given the files of whoever built that commit before.
 */
export const authorizeClone = (
  request: CloneRequest,
  timeout: Duration.DurationInput
): Effect.Effect<void, CloneRefused | GitSilent> =>
  Effect.gen(function* () {
    const found = yield* send(`${request.url}/info/refs?service=${service}`, { headers: headers(request) })
    yield* textOf(found)
    // A renamed repository answers from its new address; a request with a body is not led there.
    const base = found.url.split("/info/refs", 1)[0] ?? request.url
    // Never hand the token to another host.
    if (new URL(base).origin !== new URL(request.url).origin) {
      return yield* new CloneRefused({ reason: "repository_not_accessible" })
    }
    const answer = yield* send(`${base}/${service}`, {
      method: "POST",
      redirect: "manual",
      headers: { ...headers(request), "content-type": `application/x-${service}-request` },
      body: fetchCommand(request.commitSha)
    }).pipe(Effect.flatMap(textOf))
    if (isGitError(answer)) return yield* new CloneRefused({ reason: "commit_not_found" })
    if (!isPack(answer)) return yield* new GitSilent({ reason: "unavailable" })
  }).pipe(
    Effect.timeoutFail({ duration: timeout, onTimeout: () => new GitSilent({ reason: "timeout" }) }),
    Effect.withSpan("Git.authorizeClone")
  )
