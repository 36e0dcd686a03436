import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ImageRegistryHttpLive } from "../../src/layers/ImageRegistryHttp.ts"
import { registry } from "../../src/layers/outbound/bounds.ts"
import { openOutbound } from "../../src/layers/outbound/OutboundHttp.ts"
import { ImageRegistry } from "../../src/services/builds/ImageRegistry.ts"
import { httpStub } from "../support/HttpStub.ts"

const password = "registry-canary"
const ours = `Basic ${Buffer.from(`builder:${password}`).toString("base64")}`

const check = (url: string, given = password) =>
  Effect.flatMap(ImageRegistry, (registry) => registry.check).pipe(
    Effect.provide(
      ImageRegistryHttpLive({
        url: `${url.replace("http://", "")}/team`,
        username: "builder",
        password: Redacted.make(given),
        insecure: true
      })
    )
  )

/** A registry with token authentication, at one address with its token server. */
const withTokens = httpStub(({ headers, path }) => {
  if (path === "/v2/") {
    const realm = `http://${headers.host}/token`
    return { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="images"` } }
  }
  return { status: path === "/token?service=images" && headers.authorization === ours ? 200 : 401, body: "{}" }
})

describe("the check of a registry", () => {
  it.scopedLive("passes where user and password are taken at once", () =>
    Effect.gen(function* () {
      const { received, url } = yield* httpStub(({ headers }) => ({
        status: headers.authorization === ours ? 200 : 401
      }))
      yield* check(url)
      assert.deepStrictEqual(
        received.map(({ path }) => path),
        ["/v2/"]
      )
      const refused = yield* Effect.flip(check(url, "wrong"))
      assert.deepInclude(refused, { reason: "denied", status: 401 })
    })
  )

  it.scopedLive("passes where a token is given for them, and not where none is", () =>
    Effect.gen(function* () {
      const { url } = yield* withTokens
      yield* check(url)
      const refused = yield* Effect.flip(check(url, "wrong"))
      assert.deepInclude(refused, { reason: "denied", status: 401 })
      assert.notInclude(JSON.stringify(refused), "wrong")
    })
  )

  it.scopedLive("takes no credentials to an internal address that a public registry names", () =>
    Effect.gen(function* () {
      const internal = yield* httpStub(() => ({ status: 200 }))
      const { url } = yield* httpStub(() => ({
        status: 401,
        headers: { "www-authenticate": `Bearer realm="${internal.url}/token"` }
      }))
      // A registry that names another host: only the configured one is used.
      yield* check(url)
      assert.lengthOf(internal.received, 1)
      const send = yield* openOutbound({ bounds: registry, reading: "head", configuredHost: "1.1.1.1" })
      const refused = yield* Effect.flip(send(HttpClientRequest.get(`${internal.url}/token`)))
      assert.strictEqual(refused.reason, "refused-address")
      assert.lengthOf(internal.received, 1)
    })
  )

  it.scopedLive("tells a registry that is away, one that is not well and something else apart", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(check("http://127.0.0.1:1"))).reason, "unreachable")
      const ill = yield* httpStub(() => ({ status: 503 }))
      assert.strictEqual((yield* Effect.flip(check(ill.url))).reason, "unavailable")
      const other = yield* httpStub(() => ({ status: 404 }))
      assert.strictEqual((yield* Effect.flip(check(other.url))).reason, "unexpected-answer")
    })
  )
})
