import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { authorizeClone, fetchCommand, gitClient, isGitError } from "../../../src/layers/builder/authorizeClone.ts"

const sha = "5".repeat(40)
const token = Redacted.make("ghs_canary")

interface Seen {
  readonly line: string
  readonly authorization: string
  readonly body: string
}

type Script = (request: IncomingMessage, response: ServerResponse) => void

/** A stub server that records requests. */
const server = (script: Script) =>
  Effect.gen(function* () {
    const seen: Array<Seen> = []
    const http = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => {
        body += chunk
      })
      request.on("end", () => {
        const { authorization = "" } = request.headers
        seen.push({ line: `${request.method} ${request.url}`, authorization, body })
        script(request, response)
      })
    })
    return { seen, url: `http://127.0.0.1:${yield* onLoopback(http)}` }
  })

const answering =
  (status: number, pack = "000dpackfile\n0000"): Script =>
  (request, response) =>
    response.writeHead(status).end(request.method === "POST" ? pack : "000eversion 2\n0000")

const ask = (url: string, asked: Redacted.Redacted | null = token) =>
  Effect.flatMap(gitClient, (git) =>
    authorizeClone(git, { url: `${url}/acme/shop.git`, commitSha: sha, token: asked }, "10 seconds")
  )

describe("leave to clone", () => {
  it("the question is one command of git's protocol, version 2", () => {
    assert.strictEqual(fetchCommand(sha), `0011command=fetch00010032want ${sha}\n0032have ${sha}\n0009done\n0000`)
    assert.isTrue(isGitError(`0049ERR upload-pack: not our ref ${sha}`))
    assert.isFalse(isGitError("000dpackfile\n"))
  })

  it.scopedLive("the commit is asked for with the token, and without one when there is none", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* server(answering(200))
      yield* ask(url)
      yield* ask(url, null)
      assert.deepStrictEqual(
        seen.map(({ line }) => line),
        [0, 1].flatMap(() => [
          "GET /acme/shop.git/info/refs?service=git-upload-pack",
          "POST /acme/shop.git/git-upload-pack"
        ])
      )
      const basic = `Basic ${Buffer.from("x-access-token:ghs_canary").toString("base64")}`
      assert.deepStrictEqual(
        seen.map(({ authorization }) => authorization),
        [basic, basic, "", ""]
      )
      assert.strictEqual(seen[1]?.body, fetchCommand(sha))
    })
  )

  const answers: ReadonlyArray<readonly [string, Script, object]> = [
    ["401", answering(401), { _tag: "CloneRefused", reason: "repository_not_accessible" }],
    ["403", answering(403), { _tag: "CloneRefused", reason: "repository_not_accessible" }],
    ["404", answering(404), { _tag: "CloneRefused", reason: "repository_not_accessible" }],
    ["an error packet", answering(200, "000eERR no such\n"), { _tag: "CloneRefused", reason: "commit_not_found" }],
    ["500", answering(500), { _tag: "GitSilent", reason: "unavailable" }],
    ["429", answering(429), { _tag: "GitSilent", reason: "unavailable" }],
    ["a page", answering(200, "<!doctype html>"), { _tag: "GitSilent", reason: "unavailable" }]
  ]
  for (const [what, script, expected] of answers) {
    it.scopedLive(`${what} is never taken for leave`, () =>
      Effect.gen(function* () {
        const { url } = yield* server(script)
        assert.include(yield* Effect.flip(ask(url)), expected)
      })
    )
  }

  it.scopedLive("a server that is not there, or says nothing, is worth another try", () =>
    Effect.gen(function* () {
      assert.include(yield* Effect.flip(ask("http://127.0.0.1:1")), { _tag: "GitSilent", reason: "unreachable" })
      const { url } = yield* server(() => undefined)
      const git = yield* gitClient
      const silent = authorizeClone(git, { url: `${url}/a/b.git`, commitSha: sha, token }, "20 millis")
      assert.include(yield* Effect.flip(silent), { _tag: "GitSilent", reason: "timeout" })
    })
  )

  it.scopedLive("a commit that was pushed a moment ago is asked for again before it counts as missing", () =>
    Effect.gen(function* () {
      const answers = ["000eERR no such\n", "000eERR no such\n"]
      const { seen, url } = yield* server((request, response) =>
        answering(200, request.method === "POST" ? answers.shift() : undefined)(request, response)
      )
      yield* ask(url)
      assert.lengthOf(
        seen.filter(({ line }) => line.startsWith("POST")),
        3
      )
    })
  )

  it.scopedLive("a renamed repository is followed on its own host", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* server((request, response) => {
        if (request.url?.startsWith("/acme/shop.git") === true) {
          return response.writeHead(301, { location: request.url.replace("shop", "store") }).end()
        }
        return answering(200)(request, response)
      })
      yield* ask(url)
      assert.strictEqual(seen.at(-1)?.line, "POST /acme/store.git/git-upload-pack")
    })
  )

  it.scopedLive("a token never follows to another host", () =>
    Effect.gen(function* () {
      const other = yield* server(answering(200))
      const { url } = yield* server((request, response) =>
        response.writeHead(302, { location: `${other.url}${request.url}` }).end()
      )
      assert.include(yield* Effect.flip(ask(url)), { _tag: "CloneRefused", reason: "repository_not_accessible" })
      assert.isEmpty(other.seen)
    })
  )
})
