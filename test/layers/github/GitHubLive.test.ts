import { generateKeyPairSync } from "node:crypto"
import { createServer } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted, Schema, TestClock } from "effect"
import { type GitHubServerOptions, gitHubServer } from "../../../dev/simulators/GitHubServer.ts"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"
import { GitHubLive } from "../../../src/layers/github/GitHubLive.ts"
import { type CommitStatus, GitHub, GitHubRefused } from "../../../src/services/builds/GitHub.ts"

const keys = (type: "pkcs1" | "pkcs8") =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type, format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" }
  })
const pkcs1 = keys("pkcs1")
const pkcs8 = keys("pkcs8")

const sha = "5".repeat(40)
const head = {
  sha,
  commit: { message: "Fix the shop", committer: { date: "2026-01-02T03:04:05Z" }, author: null },
  author: { login: "ada", avatar_url: "https://avatars.example.com/ada" }
}

/** A GitHub with the test's clock, offset by the given milliseconds. */
const standIn = (change: Partial<GitHubServerOptions> = {}, skew = 0) =>
  Effect.gen(function* () {
    const clock = yield* TestClock.testClock()
    const gitHub = gitHubServer({
      app: { appId: 7, publicKeyPem: pkcs1.publicKey },
      installations: { "42": ["acme/shop"] },
      publicRepositories: ["acme/open"],
      now: () => clock.unsafeCurrentTimeMillis() + skew,
      headOf: (_, branch) => (branch === "feature/cart" ? head : null),
      ...change
    })
    const server = createServer((request, response) => {
      if (!gitHub.handle(request, response)) response.writeHead(404).end()
    })
    const port = yield* onLoopback(server)
    return { ...gitHub, apiUrl: `http://127.0.0.1:${port}/api/v3` }
  })

interface As {
  readonly pem?: string
  readonly app?: boolean
  readonly open?: boolean
}

const asApp = <A, E>(
  apiUrl: string,
  use: (gitHub: GitHub["Type"]) => Effect.Effect<A, E>,
  { app = true, open = false, pem = pkcs1.privateKey }: As = {}
) =>
  Effect.provide(
    Effect.flatMap(GitHub, use),
    GitHubLive({
      apiUrl,
      app: app ? Option.some({ appId: 7, privateKeyPem: Redacted.make(pem) }) : Option.none(),
      allowsUnauthenticated: open
    })
  )

/** A probe that makes no request. */
const untried = { run: () => Effect.void, isRefusal: () => false }

const tokenRequests = (requests: ReadonlyArray<string>) => requests.filter((line) => line.endsWith("access_tokens"))
const status: CommitStatus = {
  repository: "acme/shop",
  sha,
  environment: "production",
  state: "in_progress",
  description: "d".repeat(200),
  url: "https://shop.example.com",
  installationId: 42n,
  deploymentId: "d_1"
}

// Starts after time zero, so that "a minute ago" exists.
const start = TestClock.setTime(Date.parse("2026-06-01T00:00:00Z"))

describe("GitHub", () => {
  it.scoped("[W40] a hundred builds in an hour ask for one token, and the next hour for one more", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, requests } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          const tokens = yield* Effect.all(
            Array.from({ length: 50 }, () => gitHub.installationToken(42n, "acme/shop", untried)),
            { concurrency: "unbounded" }
          )
          yield* TestClock.adjust("54 minutes")
          const later = yield* Effect.replicateEffect(gitHub.installationToken(42n, "acme/shop", untried), 50)
          assert.strictEqual(new Set([...tokens, ...later].map(Redacted.value)).size, 1)
          assert.lengthOf(tokenRequests(requests), 1)
          // Five minutes before its expiry it is no longer used.
          yield* TestClock.adjust("2 minutes")
          yield* gitHub.installationToken(42n, "acme/shop", untried)
          assert.lengthOf(tokenRequests(requests), 2)
        })
      )
    })
  )

  for (const [name, seconds] of [
    ["50 s ahead", 50],
    ["50 s behind", -50]
  ] as const) {
    it.scoped(`[W40] a clock that is ${name} of GitHub's still gets tokens and keeps them as long as they live`, () =>
      Effect.gen(function* () {
        yield* start
        const { apiUrl, requests } = yield* standIn({}, -seconds * 1000)
        yield* asApp(apiUrl, (gitHub) =>
          Effect.gen(function* () {
            yield* gitHub.installationToken(42n, "acme/shop", untried)
            yield* TestClock.adjust(Duration.minutes(54))
            yield* gitHub.installationToken(42n, "acme/shop", untried)
            assert.lengthOf(tokenRequests(requests), 1)
          })
        )
      })
    )
  }

  it.scoped("a token is for one repository and one permission, and is asked for once for both", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, requests, tokens, tokensOf } = yield* standIn({
        installations: { "42": ["acme/shop", "acme/plans"] }
      })
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          const shop = Redacted.value(yield* gitHub.installationToken(42n, "acme/shop", untried))
          const plans = Redacted.value(yield* gitHub.installationToken(42n, "acme/plans", untried))
          assert.deepStrictEqual([tokensOf("acme/shop"), tokensOf("acme/plans")], [[shop], [plans]])
          // Repository names are case-insensitive.
          assert.strictEqual(Redacted.value(yield* gitHub.installationToken(42n, "Acme/Shop", untried)), shop)
          yield* gitHub.branchHead("acme/shop", "feature/cart", 42n)
          assert.lengthOf(tokenRequests(requests), 2)
          // A token that may write deployments is a separate one and cannot read contents.
          yield* gitHub.reportStatus(status)
          assert.lengthOf(tokens(), 3)
          assert.deepStrictEqual(tokensOf("acme/shop"), [shop])
        })
      )
    })
  )

  it.scoped("a repository that the installation does not have gets no token, not even that of one with its name", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, requests } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          const missing = yield* Effect.flip(gitHub.installationToken(42n, "acme/plans", untried))
          assert.include(missing, { _tag: "GitHubRefused", reason: "denied", status: 422 })
          for (const repository of ["mallory/shop", "mallory/acme/shop"]) {
            const foreign = yield* Effect.flip(gitHub.installationToken(42n, repository, untried))
            assert.include(foreign, { _tag: "GitHubRefused", reason: "denied" })
          }
          // Failures are not cached: the repository may be installed meanwhile.
          yield* TestClock.adjust("1 millis")
          yield* Effect.flip(gitHub.installationToken(42n, "acme/plans", untried))
          assert.lengthOf(tokenRequests(requests), 4)
        })
      )
    })
  )

  it.scoped("a caller that goes away while a token is fetched does not take it from the others", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, requests } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          const impatient = yield* Effect.fork(gitHub.installationToken(42n, "acme/shop", untried))
          const patient = yield* Effect.fork(gitHub.installationToken(42n, "acme/shop", untried))
          yield* Effect.yieldNow()
          yield* impatient.interruptAsFork(impatient.id())
          assert.include(Redacted.value(yield* patient), "ghs_")
          assert.lengthOf(tokenRequests(requests), 1)
        })
      )
    })
  )

  it.scoped("a key may be PKCS#1 or PKCS#8, quoted, with its line breaks written out", () =>
    Effect.gen(function* () {
      yield* start
      const eight = yield* standIn({ app: { appId: 7, publicKeyPem: pkcs8.publicKey } })
      const spoiled = `"${pkcs8.privateKey.replaceAll("\n", "\\n")}"`
      yield* asApp(eight.apiUrl, (gitHub) => gitHub.installationToken(42n, "acme/shop", untried), { pem: spoiled })
      assert.lengthOf(tokenRequests(eight.requests), 1)
    })
  )

  it.scoped("another App's key is refused, an installation that is gone is named so, and nothing quotes the key", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl } = yield* standIn()
      const token = (gitHub: GitHub["Type"]) => Effect.flip(gitHub.installationToken(42n, "acme/shop", untried))
      const foreign = yield* asApp(apiUrl, token, { pem: pkcs8.privateKey })
      assert.include(foreign, { _tag: "GitHubRefused", reason: "denied", status: 401 })
      const broken = yield* asApp(apiUrl, token, { pem: "canary-key" })
      assert.include(broken, { _tag: "GitHubRefused", reason: "not_configured" })
      if (broken._tag === "GitHubRefused") {
        const encoded = yield* Schema.encode(GitHubRefused)(broken)
        assert.notInclude(JSON.stringify(encoded) + broken.stack, "canary-key")
      }
      const gone = yield* asApp(apiUrl, (gitHub) => Effect.flip(gitHub.installationToken(43n, "acme/shop", untried)))
      assert.include(gone, { _tag: "GitHubRefused", reason: "installation_missing" })
    })
  )

  it.scoped("failures are told apart by status and headers, and not repeated behind the caller's back", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, failNext, requests } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          yield* gitHub.installationToken(42n, "acme/shop", untried)
          const failWith = (status: number, headers?: Readonly<Record<string, string>>) => {
            failNext(status, headers)
            return Effect.flip(gitHub.branchHead("acme/shop", "feature/cart", 42n))
          }
          assert.include(yield* failWith(502), { _tag: "GitHubUnavailable", reason: "unavailable" })
          assert.include(yield* failWith(429), { _tag: "GitHubUnavailable", reason: "rate_limited" })
          const primary = yield* failWith(403, { "x-ratelimit-remaining": "0" })
          assert.include(primary, { _tag: "GitHubUnavailable", reason: "rate_limited" })
          const secondary = yield* failWith(403, { "retry-after": "60" })
          assert.include(secondary, { _tag: "GitHubUnavailable", reason: "rate_limited" })
          assert.include(yield* failWith(403), { _tag: "GitHubRefused", reason: "denied" })
          assert.lengthOf(requests, 6)
          assert.include(yield* failWith(401), { _tag: "GitHubUnavailable", reason: "token_too_young" })
          assert.lengthOf(tokenRequests(requests), 1)
        })
      )
      const away = yield* asApp("http://127.0.0.1:1", (gitHub) =>
        Effect.flip(gitHub.installationToken(42n, "acme/shop", untried))
      )
      assert.include(away, { _tag: "GitHubUnavailable", reason: "unreachable" })
    })
  )

  it.scoped("the head of a branch is that branch's newest commit, with its author as GitHub knows them", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* gitHub.branchHead("acme/shop", "feature/cart", 42n), {
            sha,
            message: "Fix the shop",
            authorHandle: "ada",
            authorAvatarUrl: "https://avatars.example.com/ada",
            timestamp: Date.parse("2026-01-02T03:04:05Z")
          })
          const missing = yield* Effect.flip(gitHub.branchHead("acme/shop", "none", 42n))
          assert.include(missing, { _tag: "GitHubRefused", reason: "denied" })
          const foreign = yield* Effect.flip(gitHub.branchHead("globex/plans", "main", 42n))
          assert.include(foreign, { _tag: "GitHubRefused", reason: "denied" })
        })
      )
    })
  )

  it.scoped("without an App only what is public can be seen, and only where the operator allows it", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, requests } = yield* standIn()
      const ask = (repository: string) => (gitHub: GitHub["Type"]) =>
        Effect.either(gitHub.branchHead(repository, "feature/cart", null))
      const allowed = { app: false, open: true }
      assert.include(yield* asApp(apiUrl, ask("acme/open"), allowed), { _tag: "Right" })
      assert.include(yield* asApp(apiUrl, ask("acme/shop"), allowed), { _tag: "Left" })
      const before = requests.length
      const refused = yield* asApp(apiUrl, ask("acme/open"), { app: false })
      assert.include(refused._tag === "Left" ? refused.left : {}, { reason: "not_configured" })
      assert.lengthOf(requests, before, "refused without asking")
    })
  )

  it.scoped("one deployment is shown once however often it is reported, and a description fits", () =>
    Effect.gen(function* () {
      yield* start
      const { apiUrl, deployments } = yield* standIn()
      yield* asApp(apiUrl, (gitHub) =>
        Effect.gen(function* () {
          yield* gitHub.reportStatus(status)
          yield* gitHub.reportStatus(status)
          yield* gitHub.reportStatus({ ...status, state: "success" })
          yield* gitHub.reportStatus({ ...status, deploymentId: "d_2" })
          const nobody = yield* Effect.flip(gitHub.reportStatus({ ...status, installationId: null }))
          assert.include(nobody, { _tag: "GitHubRefused", reason: "not_configured" })
        })
      )
      assert.deepStrictEqual(
        deployments.map(({ states, task }) => [task, states]),
        [
          ["deploy:d_1", ["in_progress", "in_progress", "success"]],
          ["deploy:d_2", ["in_progress"]]
        ]
      )
    })
  )

  it.scoped("the App's name is told while GitHub accepts its key, and a key that it does not accept is refused", () =>
    Effect.gen(function* () {
      const { apiUrl, requests } = yield* standIn()
      assert.strictEqual(yield* asApp(apiUrl, ({ appName }) => appName), "control-plane")
      const strange = yield* Effect.flip(asApp(apiUrl, ({ appName }) => appName, { pem: pkcs8.privateKey }))
      assert.deepInclude(strange, { _tag: "GitHubRefused", operation: "app", reason: "denied", status: 401 })
      const none = yield* Effect.flip(asApp(apiUrl, ({ appName }) => appName, { app: false }))
      assert.deepInclude(none, { _tag: "GitHubRefused", reason: "not_configured" })
      assert.deepStrictEqual(requests, ["GET /app", "GET /app"])
    })
  )
})
