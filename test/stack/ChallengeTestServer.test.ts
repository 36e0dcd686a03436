import { Resolver } from "node:dns/promises"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { ChallengeTestServer, challengeTestServer } from "../../dev/stack/ChallengeTestServer.ts"

/** What a resolver that asks this server says: sorted records, or the code of why there are none. */
const resolver = Effect.map(ChallengeTestServer, ({ dns }) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([dns])
  const records = (ask: () => Promise<ReadonlyArray<string>>) =>
    Effect.tryPromise(ask).pipe(
      Effect.match({
        onSuccess: (found): unknown => [...found].sort(),
        onFailure: ({ error }) => (error instanceof Error && "code" in error ? error.code : error)
      })
    )
  return {
    txt: (name: string) => records(async () => (await resolver.resolveTxt(name)).map((parts) => parts.join(""))),
    cname: (name: string) => records(() => resolver.resolveCname(name)),
    a: (name: string) => records(() => resolver.resolve4(name))
  }
})

layer(Layer.merge(challengeTestServer(), FetchHttpClient.layer), { excludeTestServices: true })(
  "a challenge test server",
  (it) => {
    it.effect("has the values that were added under a name, however it is written, until they are cleared", () =>
      Effect.gen(function* () {
        const server = yield* ChallengeTestServer
        const { txt } = yield* resolver
        yield* server.addTxt("_acme-challenge.Customer.test", "one")
        yield* server.addTxt("_acme-challenge.customer.test.", "two")
        assert.deepStrictEqual(yield* txt("_acme-challenge.customer.test"), ["one", "two"])
        yield* server.clearTxt("_ACME-challenge.customer.test")
        assert.strictEqual(yield* txt("_acme-challenge.customer.test"), "ENODATA")
      })
    )

    it.effect("follows a CNAME, has addresses of its own for a name, and fails for a name as it is told", () =>
      Effect.gen(function* () {
        const server = yield* ChallengeTestServer
        const { a, cname, txt } = yield* resolver
        yield* server.setCname("www.customer.test", "edge.platform.test")
        yield* server.addTxt("edge.platform.test", "at the edge")
        assert.deepStrictEqual(yield* cname("www.customer.test"), ["edge.platform.test"])
        assert.deepStrictEqual(yield* txt("www.customer.test"), ["at the edge"])
        yield* server.clearCname("www.customer.test")
        assert.strictEqual(yield* cname("www.customer.test"), "ENODATA")

        assert.deepStrictEqual(yield* a("api.customer.test"), ["127.0.0.1"])
        yield* server.addA("api.customer.test", ["127.0.0.8", "127.0.0.9"])
        assert.deepStrictEqual(yield* a("api.customer.test"), ["127.0.0.8", "127.0.0.9"])
        yield* server.clearA("api.customer.test")
        assert.deepStrictEqual(yield* a("api.customer.test"), ["127.0.0.1"])

        yield* server.setServfail("broken.customer.test")
        assert.strictEqual(yield* txt("broken.customer.test"), "ESERVFAIL")
        yield* server.clearServfail("broken.customer.test")
        assert.strictEqual(yield* txt("broken.customer.test"), "ENODATA")
      })
    )

    it.effect("answers a token over HTTP until it is removed", () =>
      Effect.gen(function* () {
        const server = yield* ChallengeTestServer
        const http = yield* HttpClient.HttpClient
        const ask = http.get(`http://127.0.0.1:${server.httpPort}/.well-known/acme-challenge/t`)
        yield* server.addHttp01("t", "t.thumbprint")
        assert.strictEqual(yield* Effect.flatMap(ask, ({ text }) => text), "t.thumbprint")
        yield* server.removeHttp01("t")
        assert.strictEqual(yield* Effect.flatMap(ask, ({ text }) => text), "")
      })
    )
  }
)
