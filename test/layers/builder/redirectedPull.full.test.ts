import { randomUUID } from "node:crypto"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import type { Registry } from "../../../dev/stack/Registry.ts"
import { openBuildkit } from "../../../src/layers/builder/buildkit/BuildkitClient.ts"
import type { SessionRegistry } from "../../../src/layers/builder/buildkit/SessionAuth.ts"
import { solve } from "../../../src/layers/builder/buildkit/solve.ts"
import { fetchToken } from "../../../src/layers/builder/registryAccess.ts"
import { isSourceAllowed, sourcePolicyOf } from "../../../src/layers/builder/sourcePolicy.ts"
import { BuildFixture, buildFixture, unavailableReason } from "../../support/builds/BuildFixture.ts"
import { httpStub } from "../../support/HttpStub.ts"

const reason = await unavailableReason

type Fixture = BuildFixture["Type"]

const offerOf = (fixture: Fixture, access: SessionRegistry["access"], registry: Registry, repository: string) => {
  const { realm, service } = fixture.tokenRegistry.tokens
  const credentials = { username: registry.username, password: Redacted.make(registry.password) }
  const offer: SessionRegistry = {
    ...credentials,
    host: registry.host,
    repository,
    access,
    fetchToken: (scopes, as) =>
      fetchToken(`${realm}?service=${service}`, scopes, as === "pusher" ? credentials : null).pipe(
        Effect.provide(FetchHttpClient.layer)
      )
  }
  return offer
}

/** Solves a Dockerfile of the public repository without a policy, so that only the session limits access. */
const solveWithout = (fixture: Fixture, dockerfile: string, registry: SessionRegistry) =>
  Effect.gen(function* () {
    const client = yield* openBuildkit({ address: fixture.buildkit.address })
    const commit = yield* fixture.git.commit("acme/public", { ...fixture.files, "apps/web/x.Dockerfile": dockerfile })
    const context = `${fixture.git.url}/acme/public.git#${commit}:apps/web`
    const build = {
      ref: randomUUID(),
      frontendAttrs: { context, filename: "x.Dockerfile", platform: "linux/amd64" },
      imageAttrs: { name: `${registry.host}/${registry.repository}:1`, push: "true", "registry.insecure": "true" },
      sourcePolicy: [],
      offers: { secrets: new Map(), registry }
    }
    return yield* Effect.either(solve(client, build, () => Effect.void))
  }).pipe(Effect.scoped, inRealTime)

if (reason !== null) {
  describe("a pull that another registry redirects to ours", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  layer(buildFixture, { timeout: "5 minutes" })("a pull that another registry redirects to ours", (it) => {
    const pull = (access: SessionRegistry["access"]) =>
      Effect.gen(function* () {
        const fixture = yield* BuildFixture
        const registry = access === "Tokens" ? fixture.tokenRegistry : fixture.registry
        const offer = (repository: string) => offerOf(fixture, access, registry, repository)
        const pushed = yield* solveWithout(fixture, "FROM scratch\nCOPY x.Dockerfile /\n", offer("victim/image"))
        assert.strictEqual(pushed._tag, "Right", JSON.stringify(pushed))
        const evil = yield* httpStub(({ path }) => ({
          status: 307,
          headers: { location: `http://${registry.host}${path.replace("/evil/", "/victim/")}` }
        }))
        const before = fixture.tokenRegistry.tokens.given.length
        const dockerfile = `FROM ${new URL(evil.url).host}/evil/image:1\n`
        const stolen = yield* solveWithout(fixture, dockerfile, offer("evil/image"))
        assert.isNotEmpty(evil.received)
        return { stolen, tokens: fixture.tokenRegistry.tokens.given.slice(before) }
      })

    it.scoped("reads nothing of ours where it has tokens: they are asked for anonymously", () =>
      Effect.gen(function* () {
        const { stolen, tokens } = yield* pull("Tokens")
        assert.strictEqual(stolen._tag, "Left")
        assert.deepStrictEqual(
          tokens.map(({ username }) => username),
          [null]
        )
      })
    )

    it.scoped(
      "would read all of ours where it knows passwords only, which is why the policy allows no such registry",
      () =>
        Effect.gen(function* () {
          const { stolen } = yield* pull("Passwords")
          assert.strictEqual(stolen._tag, "Right")
          const { registry } = yield* BuildFixture
          const site = { gitUrl: "https://github.com", registryUrl: registry.host, registryKnowsPasswordsOnly: true }
          const rules = sourcePolicyOf(site, { repository: "acme/public", commitSha: "0".repeat(40) })
          assert.isFalse(isSourceAllowed(rules, "docker-image://registry.evil.example/evil/image:1"))
        })
    )
  })
}
