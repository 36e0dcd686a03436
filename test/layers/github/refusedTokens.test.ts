import { generateKeyPairSync } from "node:crypto"
import { createServer } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Layer, Option, Redacted, Ref, TestClock } from "effect"
import { gitHubServer } from "../../../dev/simulators/GitHubServer.ts"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { makeBuilder } from "../../../src/layers/builder/makeBuilder.ts"
import { GitHubLive } from "../../../src/layers/github/GitHubLive.ts"
import type { BuildOutcome } from "../../../src/services/builds/Builder.ts"
import { BuildTelemetry } from "../../../src/services/builds/BuildTelemetry.ts"
import { BuildVariables } from "../../../src/services/builds/BuildVariables.ts"
import { GitHub } from "../../../src/services/builds/GitHub.ts"
import { makeMemoryBuildLedger } from "../../support/memory/MemoryBuildLedger.ts"

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})
const sha = "5".repeat(40)
const head = { sha, commit: { message: "", committer: null, author: null }, author: null }

class Refused extends Data.TaggedError("Refused")<{ readonly token: string }> {}

/** GitHub with the test's clock: its API, and a git server that returns the given statuses and then the commit. */
const standIn = Effect.gen(function* () {
  yield* TestClock.setTime(Date.parse("2026-06-01T00:00:00Z"))
  const clock = yield* TestClock.testClock()
  const api = gitHubServer({
    app: { appId: 7, publicKeyPem: keys.publicKey },
    installations: { "42": ["acme/shop"] },
    now: () => clock.unsafeCurrentTimeMillis(),
    headOf: () => head
  })
  const statuses: Array<number> = []
  const server = createServer((request, response) => {
    if (api.handle(request, response)) return
    const status = statuses.shift() ?? 200
    response.writeHead(status).end(request.method === "POST" ? "000dpackfile\n0000" : "000eversion 2\n0000")
  })
  const url = `http://127.0.0.1:${yield* onLoopback(server)}`
  const gitHub = yield* Effect.map(
    Layer.build(
      GitHubLive({
        apiUrl: `${url}/api/v3`,
        app: Option.some({ appId: 7, privateKeyPem: Redacted.make(keys.privateKey) }),
        allowsUnauthenticated: false
      })
    ),
    (context) => GitHub.pipe(Effect.provide(context))
  ).pipe(Effect.flatten)
  const issued = () => api.requests.filter((line) => line.endsWith("access_tokens")).length
  return { ...api, url, statuses, gitHub, issued }
})

/** A server that accepts tokens for which `takes` holds, and records the tokens. */
const trialOf = (takes: (token: string) => boolean) => {
  const shown: Array<string> = []
  const ask = (token: Redacted.Redacted) =>
    Effect.suspend(() => {
      const text = Redacted.value(token)
      shown.push(text)
      return takes(text) ? Effect.void : new Refused({ token: text })
    })
  return { shown, trial: { run: ask, isRefusal: () => true } }
}

const succeeded: BuildOutcome = {
  _tag: "Succeeded",
  image: "r/i:t",
  digest: "sha256:d",
  externalBuildId: null,
  depotProjectId: null
}
const request = {
  buildId: "b-1",
  workspaceId: "ws_1",
  projectId: "proj_1",
  deploymentId: "d_1",
  depotProjectId: null,
  repository: "acme/shop",
  commitSha: sha,
  contextPath: "",
  dockerfilePath: "Dockerfile",
  platform: "linux/amd64",
  installationId: 42n
}

describe("a token of GitHub", () => {
  it.scoped("that is young and not known to the git server yet is asked with again, and the build starts", () =>
    Effect.gen(function* () {
      const { gitHub, issued, statuses, url } = yield* standIn
      const started = yield* Ref.make(0)
      const builder = yield* makeBuilder({
        gitUrl: url,
        github: gitHub,
        ledger: yield* makeMemoryBuildLedger,
        telemetry: BuildTelemetry.of({ record: () => Effect.succeed(() => Effect.void), dropped: Effect.succeed(0) }),
        variables: BuildVariables.of({ forDeployment: () => Effect.succeedNone }),
        run: () =>
          Effect.as(
            Ref.update(started, (n) => n + 1),
            succeeded
          )
      })
      for (const status of [401, 403, 404]) {
        statuses.push(status)
        const early = yield* Effect.flip(builder.start(request))
        assert.deepInclude({ ...early }, { _tag: "BuilderUnavailable", reason: "git-unavailable" })
        yield* TestClock.adjust("5 seconds")
      }
      yield* builder.start(request)
      yield* Effect.repeat(Effect.yieldNow(), { times: 50 })
      assert.strictEqual(yield* Ref.get(started), 1)
      assert.strictEqual(issued(), 1)
    })
  )

  it.scoped("that is refused for its first minute is replaced once, and then the refusal is final", () =>
    Effect.gen(function* () {
      const { gitHub, issued } = yield* standIn
      const { shown, trial } = trialOf(() => false)
      const ask = Effect.flip(gitHub.installationToken(42n, "acme/shop", trial))
      const outcomes: Array<string> = []
      for (let second = 0; second < 50 * 60; second += 10) {
        const error = yield* ask
        outcomes.push(error._tag === "GitHubUnavailable" ? error.reason : error._tag)
        yield* TestClock.adjust("10 seconds")
      }
      // The first token's first minute, the second token's first minute, and the end.
      assert.deepStrictEqual(outcomes.slice(0, 12), Array(12).fill("token_too_young"))
      assert.deepStrictEqual(new Set(outcomes.slice(12)), new Set(["Refused"]))
      assert.strictEqual(new Set(shown).size, 2)
      assert.strictEqual(issued(), 2)
    })
  )

  it.scoped("that was taken and is refused before its time is replaced at once, by one request for all that wait", () =>
    Effect.gen(function* () {
      const { gitHub, issued } = yield* standIn
      let refused = ""
      const { shown, trial } = trialOf((token) => token !== refused)
      const take = gitHub.installationToken(42n, "acme/shop", trial)
      refused = ""
      yield* take
      yield* TestClock.adjust("20 minutes")
      refused = shown[0] ?? "none"
      const tokens = yield* Effect.all(
        Array.from({ length: 10 }, () => take),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(tokens.map(Redacted.value)).size, 1)
      assert.notInclude(tokens.map(Redacted.value), refused)
      assert.strictEqual(issued(), 2)
    })
  )

  it.scoped("that the API answers with 401 is asked with again while it is young, and costs no other token", () =>
    Effect.gen(function* () {
      const { failNext, gitHub, issued } = yield* standIn
      const look = gitHub.branchHead("acme/shop", "main", 42n)
      yield* look
      for (let times = 0; times < 5; times++) {
        failNext(401)
        assert.deepInclude({ ...(yield* Effect.flip(look)) }, { _tag: "GitHubUnavailable", reason: "token_too_young" })
        yield* TestClock.adjust("10 seconds")
      }
      yield* look
      assert.strictEqual(issued(), 1)
      yield* TestClock.adjust("1 minute")
      failNext(401)
      assert.strictEqual((yield* look).sha, sha)
      assert.strictEqual(issued(), 2)
    })
  )
})

describe("a deployment that was shown a moment ago", () => {
  it.scoped("and is missing for the next question is asked for again", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2026-06-01T00:00:00Z"))
      const missing = [404]
      const answers: ReadonlyArray<readonly [string, () => readonly [number, object]]> = [
        ["/statuses", () => [missing.shift() ?? 201, {}]],
        ["/deployments", () => [201, { id: 1 }]],
        [
          "/access_tokens",
          () => [201, { token: "t", expires_at: "2026-06-01T01:00:00Z", repositories: [{ full_name: "acme/shop" }] }]
        ]
      ]
      const server = createServer((asked, response) => {
        const found = answers.find(([end]) => asked.method === "POST" && asked.url?.endsWith(end))
        const [status, body] = found?.[1]() ?? [200, []]
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
      })
      const live = GitHubLive({
        apiUrl: `http://127.0.0.1:${yield* onLoopback(server)}`,
        app: Option.some({ appId: 7, privateKeyPem: Redacted.make(keys.privateKey) }),
        allowsUnauthenticated: false
      })
      yield* Effect.gen(function* () {
        const { reportStatus } = yield* GitHub
        const report = reportStatus({
          repository: "acme/shop",
          sha,
          environment: "production",
          state: "success",
          description: "",
          url: null,
          installationId: 42n,
          deploymentId: "d_1"
        })
        assert.deepInclude({ ...(yield* Effect.flip(report)) }, { _tag: "GitHubUnavailable", status: 404 })
        yield* report
      }).pipe(Effect.provide(live))
    })
  )
})
