import { execFile, spawn } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { dirname, join } from "node:path"
import { Effect, type Scope } from "effect"
import { onLoopback } from "../stack/onLoopback.ts"
import { ComponentFailed } from "../stack/StackFailure.ts"

/** A repository's files: path to text or bytes. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface GitServer {
  /** Repositories are at `<url>/<owner>/<name>.git`. */
  readonly url: string
  /** Creates `owner/name` with one commit of these files on `main`, or adds a commit; returns the commit. */
  readonly commit: (repository: string, files: Files, message?: string) => Effect.Effect<string, ComponentFailed>
  /** Every request as `METHOD path status`, in order. */
  readonly requests: ReadonlyArray<string>
}

export interface GitServerOptions {
  /** An empty folder for the repositories. */
  readonly folder: string
  /** The tokens that may read a repository. Null: it is public. */
  readonly tokensOf: (repository: string) => ReadonlyArray<string> | null
  /** Handles a non-git request; false passes it to git. */
  readonly beside?: (request: IncomingMessage, response: ServerResponse) => boolean
}

const identity = ["-c", "user.name=Simulator", "-c", "user.email=simulator@example.com", "-c", "commit.gpgsign=false"]

const git = (cwd: string, ...args: ReadonlyArray<string>) =>
  Effect.async<string, ComponentFailed>((resume) => {
    execFile("git", [...identity, ...args], { cwd }, (error, output, errors) =>
      resume(
        error === null
          ? Effect.succeed(output.trim())
          : new ComponentFailed({
              component: `git ${args[0]}`,
              reason: "ended",
              detail: error.message,
              lastLines: errors.trim().split("\n")
            })
      )
    )
  })

const isAllowed = (request: IncomingMessage, tokens: ReadonlyArray<string> | null) => {
  if (tokens === null) return true
  // BuildKit writes the scheme in lower case.
  const given = Buffer.from((request.headers.authorization ?? "").replace(/^basic /i, ""), "base64").toString()
  return tokens.some((token) => given === `x-access-token:${token}`)
}

/** Runs git's CGI program for one request (gitprotocol-http). */
const runBackend = (root: string, url: URL, request: IncomingMessage, response: ServerResponse) => {
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      CONTENT_LENGTH: request.headers["content-length"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? "")
    }
  })
  // The client may disconnect before git has read the request or responded.
  backend.stdin.on("error", () => undefined)
  request.pipe(backend.stdin)
  response.on("close", () => backend.kill())
  let head: Buffer | null = Buffer.alloc(0)
  backend.stdout.on("data", (bytes: Buffer) => {
    if (head === null) return void response.write(bytes)
    head = Buffer.concat([head, bytes])
    const end = head.indexOf("\r\n\r\n")
    if (end < 0) return
    for (const line of head.subarray(0, end).toString().split("\r\n")) {
      const [name = "", value = ""] = line.split(/: (.*)/s)
      if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
    head = null
  })
  backend.on("close", () => response.end())
}

const commitTo =
  (root: string, work: string) =>
  (repository: string, files: Files, message = "Change") =>
    Effect.gen(function* () {
      const bare = join(root, `${repository}.git`)
      const tree = join(work, repository)
      const isNew = yield* Effect.isFailure(git(tree, "rev-parse", "--git-dir"))
      if (isNew) {
        yield* Effect.promise(() => mkdir(tree, { recursive: true }))
        yield* git(work, "init", "--bare", "--initial-branch=main", bare)
        yield* git(tree, "init", "--initial-branch=main")
        yield* git(tree, "remote", "add", "origin", bare)
      }
      yield* Effect.promise(async () => {
        for (const [path, content] of Object.entries(files)) {
          await mkdir(dirname(join(tree, path)), { recursive: true })
          await writeFile(join(tree, path), content, { mode: 0o755 })
        }
      })
      yield* git(tree, "add", "--all")
      yield* git(tree, "commit", "--allow-empty", "--message", message)
      yield* git(tree, "push", "--quiet", "origin", "main")
      return yield* git(tree, "rev-parse", "HEAD")
    })

/** Git repositories over HTTP on a free port of 127.0.0.1; private ones need a token, as at GitHub. */
export const gitServer = (options: GitServerOptions): Effect.Effect<GitServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const root = join(options.folder, "served")
    const work = join(options.folder, "work")
    yield* Effect.promise(() => Promise.all([root, work].map((folder) => mkdir(folder, { recursive: true }))))
    const requests: Array<string> = []
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://git")
      response.on("close", () => requests.push(`${request.method} ${url.pathname} ${response.statusCode}`))
      if (options.beside?.(request, response) === true) return
      const [, repository] = /^\/([^/]+\/[^/]+)\.git\//.exec(url.pathname) ?? []
      if (repository === undefined) return void response.writeHead(404).end()
      if (isAllowed(request, options.tokensOf(repository))) return runBackend(root, url, request, response)
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
    })
    const port = yield* onLoopback(server)
    return { url: `http://127.0.0.1:${port}`, commit: commitTo(root, work), requests }
  })
