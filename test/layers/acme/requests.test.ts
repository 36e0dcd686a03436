import { assert, layer } from "@effect/vitest"
import * as acmeClient from "acme-client"
import { Array as Arr, Cause, Context, Effect, Exit, Fiber, Layer, Option, Redacted, TestClock } from "effect"
import { htmlPage, json, problem, silent } from "../../../dev/simulators/authority/answers.ts"
import { StandInCa } from "../../../dev/simulators/StandInCa.ts"
import { Acme } from "../../../src/services/certificate/Acme.ts"
import { Pki } from "../../../src/services/certificate/Pki.ts"
import { calls, ordered } from "../../support/acme/calls.ts"
import { asked, standInClient, standInWorld } from "../../support/acme/standInWorld.ts"
import { withoutLogs } from "../../support/acme/withoutLogs.ts"
import { named } from "../../support/named.ts"
import { untilIo } from "../../support/untilIo.ts"

const hour = 3_600_000

const clientWith = (options: Parameters<typeof standInClient>[0]) =>
  Effect.map(Layer.build(standInClient(options)), Context.get(Acme))

/** A new client, and a CA without requests. */
const unused = Effect.tap(clientWith({}), () => Effect.flatMap(StandInCa, ({ reset }) => reset))
const accountKey = Effect.flatMap(Pki, (pki) => pki.generateAccountKey)
const payloads = Effect.map(
  Effect.flatMap(StandInCa, ({ received }) => received),
  (requests) => requests.flatMap(({ payload }) => (payload === undefined || payload === null ? [] : [payload]))
)

layer(standInWorld)("what a certificate authority is asked", (it) => {
  it.scoped("the directory comes first, once an hour, however many clients use it", () =>
    Effect.gen(function* () {
      const client = yield* unused
      const key = yield* accountKey
      yield* client.register(key)
      yield* client.register(key)
      assert.deepStrictEqual(yield* asked, ["directory", "nonce", "new-account", "nonce", "new-account"])
      yield* TestClock.adjust(hour - 1)
      yield* client.renewalInfo("YQ.AQ")
      yield* TestClock.adjust(1)
      yield* client.renewalInfo("YQ.AQ")
      assert.deepStrictEqual((yield* asked).slice(5), ["renewal-info", "directory", "renewal-info"])
    })
  )

  it.scoped("a directory that is out of order is asked for again by the next call, and is what failed", () =>
    Effect.gen(function* () {
      const client = yield* unused
      const authority = yield* StandInCa
      const key = yield* accountKey
      yield* authority.script(
        "directory",
        htmlPage(503),
        problem("rateLimited", { status: 503, retryAfter: "9" }),
        json(200, { newNonce: 1 })
      )
      const failures = yield* Effect.replicateEffect(Effect.flip(client.register(key)), 3)
      assert.deepInclude(failures[0], { operation: "directory", reason: "unavailable", status: 503 })
      assert.deepInclude(failures[1], { operation: "directory", type: "rateLimited", status: 503 })
      assert.deepInclude(failures[2], { operation: "directory", reason: "unexpected-answer" })
      yield* client.register(key)
      assert.deepStrictEqual(yield* asked, ["directory", "directory", "directory", "directory", "nonce", "new-account"])
    })
  )

  it.scoped("a nonce that is refused once is replaced by the one that came with the refusal", () =>
    Effect.gen(function* () {
      const client = yield* unused
      yield* (yield* StandInCa).script("new-account", problem("badNonce"))
      yield* client.register(yield* accountKey)
      assert.deepStrictEqual(yield* asked, ["directory", "nonce", "new-account", "new-account"])
    })
  )

  it.scoped("a CA that refuses every nonce is asked 61 times and is worth another try later", () =>
    Effect.gen(function* () {
      const client = yield* unused
      yield* (yield* StandInCa).script("new-account", ...Arr.replicate(problem("badNonce"), 100))
      const failure = yield* Effect.flip(client.register(yield* accountKey))
      assert.deepInclude(failure, { _tag: "AcmeUnavailable", retryable: true, reason: "unavailable", status: 400 })
      assert.lengthOf(
        (yield* asked).filter((operation) => operation === "new-account"),
        61
      )
    })
  )

  it.scoped("a CA that gives no nonce, or cannot, is asked for nothing else", () =>
    Effect.gen(function* () {
      const client = yield* unused
      const authority = yield* StandInCa
      const key = yield* accountKey
      yield* authority.script("nonce", json(200, {}, { "replay-nonce": "" }), htmlPage(503, { "retry-after": "5" }))
      assert.deepInclude(yield* Effect.flip(client.register(key)), { reason: "unexpected-answer" })
      assert.deepInclude(yield* Effect.flip(client.register(key)), { reason: "unavailable", status: 503 })
      assert.deepStrictEqual(yield* asked, ["directory", "nonce", "nonce"])
    })
  )

  for (const operation of ["directory", "nonce", "new-account"] as const)
    it.scoped(`a CA that is silent about the ${operation} costs eight seconds, and is worth another try`, () =>
      Effect.gen(function* () {
        const client = yield* unused
        yield* (yield* StandInCa).script(operation, silent)
        const running = yield* Effect.fork(Effect.flip(client.register(yield* accountKey)))
        yield* untilIo(Effect.map(asked, (requests) => requests.at(-1) === operation))
        yield* TestClock.adjust("7999 millis")
        assert.isTrue(Option.isNone(yield* Fiber.poll(running)))
        yield* TestClock.adjust("1 millis")
        assert.deepInclude(yield* Fiber.join(running), { _tag: "AcmeUnavailable", reason: "timeout" })
      })
    )

  it.scoped("nothing is asked through what all users of acme-client share, where retries would sleep for hours", () =>
    Effect.gen(function* () {
      let shared = 0
      const count = acmeClient.axios.interceptors.request.use((request) => {
        shared += 1
        return request
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => acmeClient.axios.interceptors.request.eject(count)))
      const known = yield* ordered
      yield* Effect.forEach(Object.values(calls), (call) => call(known))
      assert.strictEqual(shared, 0)
    })
  )

  it.scoped("a call that is interrupted ends at once, and asks for nothing more", () =>
    Effect.gen(function* () {
      const client = yield* unused
      yield* (yield* StandInCa).script("nonce", silent)
      const running = yield* Effect.fork(client.register(yield* accountKey))
      yield* untilIo(Effect.map(asked, (requests) => requests.at(-1) === "nonce"))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(running)))
      assert.deepStrictEqual(yield* asked, ["directory", "nonce"])
    })
  )
})

layer(standInWorld)("what a certificate authority is told", (it) => {
  it.scoped("who to write to, that its terms are agreed to, and nothing of an account it may know", () =>
    Effect.gen(function* () {
      yield* (yield* unused).register(yield* accountKey)
      assert.deepStrictEqual(yield* payloads, [{ termsOfServiceAgreed: true, contact: ["mailto:acme@stand-in.test"] }])
    })
  )

  it.scoped("the names, the profile that is configured and the certificate that is replaced", () =>
    Effect.gen(function* () {
      const client = yield* clientWith({ profile: "shortlived" })
      const { account } = yield* ordered
      yield* (yield* StandInCa).reset
      yield* client.createOrder(account, { names: [named("*.a.test"), named("a.test")], replaces: "YQ.AQ" })
      assert.deepStrictEqual(yield* payloads, [
        {
          identifiers: [
            { type: "dns", value: "*.a.test" },
            { type: "dns", value: "a.test" }
          ],
          profile: "shortlived",
          replaces: "YQ.AQ"
        }
      ])
    })
  )

  it.scoped("nothing of replacing when it knows nothing of renewal information, which there is none of then", () =>
    Effect.gen(function* () {
      const { account } = yield* ordered
      const client = yield* unused
      const authority = yield* StandInCa
      const base = authority.directoryUrl.replace("/dir", "")
      yield* authority.script(
        "directory",
        json(200, {
          newNonce: `${base}/nonce-plz`,
          newAccount: `${base}/sign-me-up`,
          newOrder: `${base}/order-plz`
        })
      )
      assert.deepStrictEqual(yield* client.renewalInfo("YQ.AQ"), Option.none())
      yield* client.createOrder(account, { names: [named("a.test")], replaces: "YQ.AQ" })
      assert.deepStrictEqual(yield* payloads, [{ identifiers: [{ type: "dns", value: "a.test" }] }])
      assert.deepStrictEqual(yield* asked, ["directory", "nonce", "new-order"])
    })
  )

  it.scoped("no secret: neither the account's key nor the one that vouches for it", () =>
    Effect.gen(function* () {
      const secret = Buffer.from("a secret that vouches for others").toString("base64url")
      const client = yield* clientWith({ externalAccount: { keyId: "kid-1", hmacKey: Redacted.make(secret) } })
      yield* (yield* StandInCa).reset
      const key = yield* accountKey
      yield* client.register(key)
      const sent = (yield* (yield* StandInCa).received)
        .map(({ body, payload }) => body + JSON.stringify(payload))
        .join()
      assert.include(sent, "externalAccountBinding")
      assert.notInclude(sent, secret)
      const [, secretLine = ""] = Redacted.value(key).split("\n")
      assert.notInclude(sent, secretLine)
    })
  )

  it.scoped("nothing at all with a key that is damaged: a defect that does not quote it", () =>
    Effect.gen(function* () {
      const client = yield* unused
      const damaged = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----"
      const exit = yield* Effect.exit(client.register(Redacted.make(damaged)))
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.notInclude(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "c2VjcmV0")
      assert.deepStrictEqual(yield* asked, ["directory"])
    })
  )
})

layer(standInWorld)("what a certificate authority says", (it) => {
  it.scoped("an order, with what is not settled about it and when to ask again", () =>
    Effect.gen(function* () {
      const { account, order } = yield* ordered
      assert.deepInclude(order, { status: "pending", certificateUrl: null, problem: null, retryAfter: null })
      assert.strictEqual(order.expiresAt, Date.UTC(2030, 0, 2, 3, 4, 5))
      const processing = yield* (yield* Acme).finalize(account, order, "AAAA")
      assert.deepInclude(processing, { status: "processing", url: order.url })
      assert.strictEqual(processing.retryAfter, (yield* Effect.clockWith((clock) => clock.currentTimeMillis)) + 3_000)
    })
  )

  it.scoped("an order that failed, and why", () =>
    Effect.gen(function* () {
      const { account, order } = yield* ordered
      const error = { type: "urn:ietf:params:acme:error:dns", detail: "SERVFAIL" }
      const invalid = { status: "invalid", authorizations: [], finalize: "https://ca.test/finalize", error }
      yield* (yield* StandInCa).script("order", json(200, invalid))
      const { problem: why } = yield* (yield* Acme).order(account, order.url)
      assert.deepStrictEqual(why, { type: "dns", detail: "SERVFAIL" })
    })
  )

  it.scoped("a challenge of a kind that has no token is none that could be answered", () =>
    Effect.gen(function* () {
      const { account, authorizationUrl } = yield* ordered
      const usual = { type: "dns-01", url: "https://ca.test/1", token: "t", status: "pending" }
      yield* (yield* StandInCa).script(
        "authorization",
        json(
          200,
          {
            identifier: { type: "dns", value: "a.test" },
            wildcard: true,
            status: "pending",
            challenges: [{ type: "dns-persist-01", url: "https://ca.test/2", status: "pending" }, usual]
          },
          { "retry-after": "2" }
        )
      )
      const authorization = yield* (yield* Acme).authorization(account, authorizationUrl)
      assert.deepInclude(authorization, { name: "a.test", wildcard: true, url: authorizationUrl })
      assert.deepStrictEqual(authorization.challenges, [{ ...usual, problem: null, status: "pending" }])
      assert.isNotNull(authorization.retryAfter)
    })
  )

  it.scoped(
    "when to renew; a certificate it does not know has no such time, and a window that ends first is a mistake",
    () =>
      Effect.gen(function* () {
        const client = yield* Acme
        const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const window = { windowStart: Date.UTC(2029, 0, 1), windowEnd: Date.UTC(2029, 0, 2) }
        assert.deepStrictEqual(
          yield* client.renewalInfo("YQ.AQ"),
          Option.some({ ...window, retryAfter: now + 21_600_000 })
        )
        const suggestedWindow = { start: "2029-01-02T00:00:00Z", end: "2029-01-01T00:00:00Z" }
        yield* (yield* StandInCa).script("renewal-info", htmlPage(404), json(200, { suggestedWindow }))
        assert.deepStrictEqual(yield* client.renewalInfo("YQ.AQ"), Option.none())
        const failure = yield* withoutLogs(Effect.flip(client.renewalInfo("YQ.AQ")))
        assert.deepInclude(failure, { _tag: "AcmeUnavailable", reason: "unexpected-answer" })
      })
  )
})
