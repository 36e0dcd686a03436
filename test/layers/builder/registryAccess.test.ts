import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { fetchToken, registryAccess } from "../../../src/layers/builder/registryAccess.ts"
import { httpStub, type Reply } from "../../support/HttpStub.ts"

const password = "registry-canary"
const credentials = { username: "builder", password: Redacted.make(password) }
const basic = `Basic ${Buffer.from(`builder:${password}`).toString("base64")}`

const accessAt = (reply: Reply, insecure = true) =>
  Effect.gen(function* () {
    const { received, url } = yield* httpStub(() => reply)
    const registry = { ...credentials, url: `${url.replace("http://", "")}/team`, insecure }
    const access = yield* Effect.either(registryAccess(registry))
    return { access, received }
  }).pipe(Effect.provide(FetchHttpClient.layer))

const challenged = (challenge: string): Reply => ({ status: 401, headers: { "www-authenticate": challenge } })

const looks: ReadonlyArray<readonly [what: string, reply: Reply, access: object]> = [
  ["one that lets in everyone", { status: 200 }, { _tag: "Open" }],
  ["one with passwords", challenged('Basic realm="r"'), { _tag: "Passwords" }],
  [
    "one with tokens",
    challenged('Bearer realm="https://auth.example/token",service="images"'),
    { _tag: "Tokens", address: "https://auth.example/token?service=images" }
  ],
  [
    "one with passwords or tokens, whichever it names first",
    challenged('Basic realm="r", Bearer realm="https://auth.example/token",service="images"'),
    { _tag: "Tokens", address: "https://auth.example/token?service=images" }
  ],
  [
    "one with tokens or passwords",
    challenged('Bearer service="images", realm="https://auth.example/token", Basic realm="r"'),
    { _tag: "Tokens", address: "https://auth.example/token?service=images" }
  ],
  ["one that is not well", { status: 503 }, { reason: "unavailable" }],
  ["something else", { status: 404 }, { reason: "unexpected-answer" }],
  ["one with a challenge of another kind", challenged("Negotiate"), { reason: "unexpected-answer" }]
]

const tokenFrom = (reply: Reply, as: typeof credentials | null = credentials) =>
  Effect.gen(function* () {
    const { received, url } = yield* httpStub(() => reply)
    const scopes = ["repository:team/a:pull,push", "repository:b:pull"]
    const token = yield* Effect.either(fetchToken(`${url}/token?service=images`, scopes, as))
    return { token, received }
  }).pipe(Effect.provide(FetchHttpClient.layer))

const json = (body: object): Reply => ({ status: 200, body: JSON.stringify(body) })

describe("how a registry lets a build in", () => {
  for (const [what, reply, expected] of looks) {
    it.scopedLive(`${what} is seen as that, and is shown no credentials`, () =>
      Effect.gen(function* () {
        const { access, received } = yield* accessAt(reply)
        assert.deepInclude(access._tag === "Right" ? access.right : access.left, expected)
        assert.deepStrictEqual(
          received.map(({ headers, path }) => [path, headers.authorization]),
          [["/v2/", undefined]]
        )
      })
    )
  }

  it.scopedLive("a token is asked for by scope and with the credentials, under either of its names", () =>
    Effect.gen(function* () {
      const { received, token } = yield* tokenFrom(json({ token: "t", expires_in: 300 }))
      assert.deepStrictEqual(
        token._tag === "Right" && [Redacted.value(token.right.token), token.right.expiresInSeconds],
        ["t", 300]
      )
      const [asked] = received
      assert.strictEqual(asked?.headers.authorization, basic)
      const { searchParams } = new URL(asked?.path ?? "", "http://x")
      assert.strictEqual(searchParams.get("service"), "images")
      assert.deepStrictEqual(searchParams.getAll("scope"), ["repository:team/a:pull,push", "repository:b:pull"])
      const other = yield* tokenFrom(json({ access_token: "a" }), null)
      assert.strictEqual(other.token._tag === "Right" && Redacted.value(other.token.right.token), "a")
      assert.isUndefined(other.received[0]?.headers.authorization)
    })
  )

  const refusals: ReadonlyArray<readonly [what: string, reply: Reply, reason: string]> = [
    ["credentials that are not taken", { status: 401 }, "denied"],
    ["a server that is not well", { status: 502 }, "unavailable"],
    ["an answer without a token", json({}), "unexpected-answer"],
    ["an answer that is not JSON", { status: 200, body: "<html>" }, "unexpected-answer"],
    ["an answer without an end", json({ token: "x".repeat(100_000) }), "unexpected-answer"]
  ]
  for (const [what, reply, reason] of refusals) {
    it.scopedLive(`${what}: ${reason}, without the password in the error`, () =>
      Effect.gen(function* () {
        const { token } = yield* tokenFrom(reply)
        if (token._tag === "Right") return assert.fail("there was a token")
        assert.strictEqual(token.left.reason, reason)
        assert.notInclude(`${JSON.stringify(token.left)}${token.left.stack}`, password)
      })
    )
  }
})
