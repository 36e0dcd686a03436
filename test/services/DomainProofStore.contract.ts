import { assert, layer } from "@effect/vitest"
import { Effect, Either, type Layer } from "effect"
import { domainName } from "../../src/names/DomainName.ts"
import { infrastructureWorkspace } from "../../src/services/certificate/CertificateStore.ts"
import { DomainProofStore } from "../../src/services/domainProof/DomainProofStore.ts"
import { seedChallenge, seedDomain } from "../support/memory/certificateSeeds.ts"
import { seedCustomDomain, seededAt, seedProject, seedRoute } from "../support/memory/seeds.ts"
import { World } from "../support/memory/World.ts"
import { guaranteesOf } from "./guaranteesOf.ts"

const at = seededAt + 1_000
const fqdn = "app.example.com"
const nameOf = (text: string) => Either.getOrThrow(domainName(text))
const domainId = `dom_${fqdn}`
const problem = "the record is gone"
const rowsOf = Effect.flatMap(World, (world) => world.dump)
const domainRow = Effect.map(rowsOf, ({ custom_domains }) => custom_domains.find(({ id }) => id === domainId))

const seed = Effect.all([
  seedProject("shop"),
  seedDomain(fqdn, { last_checked_at: 5 }),
  seedRoute("shop", fqdn),
  seedRoute("shop", "other.example.com"),
  seedChallenge(fqdn, { status: "verified" }),
  seedChallenge("other.example.com", { status: "verified" })
])

/** What every implementation of `DomainProofStore` promises. */
export const domainProofStoreContract = <E>(name: string, stores: Layer.Layer<DomainProofStore | World, E>): void =>
  layer(stores, { excludeTestServices: true })(`DomainProofStore: ${name}`, (it) => {
    const guarantee = guaranteesOf(it, DomainProofStore, seed)

    guarantee("a page goes on where the last one ended, and holds no domain of the platform", (store) =>
      Effect.gen(function* () {
        yield* seedCustomDomain("shop", "*.unkey.test", { workspace_id: infrastructureWorkspace })
        yield* seedCustomDomain("shop", "second.example.com")
        yield* seedCustomDomain("shop", "no domain name")
        yield* seedCustomDomain("shop", "second.example.com.")
        const first = yield* store.page(0, 1)
        assert.deepStrictEqual(first.names, [nameOf(fqdn)])
        const second = yield* store.page(first.next ?? 0, 3)
        assert.deepStrictEqual(second.names, [nameOf("second.example.com")])
        assert.deepStrictEqual(yield* store.page(second.next ?? 0, 3), { names: [], next: null })
      })
    )

    guarantee("a domain in another spelling is found, and withdrawn, by the route of its name", (store) =>
      Effect.gen(function* () {
        const name = nameOf("xn--mnchen-3ya.example.com")
        yield* seedDomain("münchen.example.com", { id: "dom_unicode", verification_status: "failed" })
        assert.isNull(yield* store.find(name))
        yield* seedRoute("shop", name)
        assert.deepInclude(yield* store.find(name), { id: "dom_unicode" })
        assert.isTrue(yield* store.withdraw({ domainId: "dom_unicode", problem, since: 5, at }))
        const { frontline_routes } = yield* rowsOf
        assert.notInclude(
          frontline_routes.map((row) => row.fully_qualified_domain_name),
          name
        )
      })
    )

    guarantee("a domain that was verified after its proof was seen missing is not withdrawn", (store) =>
      Effect.gen(function* () {
        const before = yield* rowsOf
        assert.isFalse(yield* store.withdraw({ domainId, problem, since: 4, at }))
        assert.deepStrictEqual(yield* rowsOf, before)
        assert.isFalse(yield* store.withdraw({ domainId: "dom_unknown", problem, since: 5, at }))
      })
    )

    guarantee(
      "a domain is found while it is verified or its project has the route, and one of the platform never",
      (store) =>
        Effect.gen(function* () {
          const world = yield* World
          const found = { id: domainId, verificationToken: `token-${fqdn}` }
          assert.deepStrictEqual(yield* store.find(nameOf(fqdn)), { ...found, verifiedAt: 5 })
          yield* world.update("custom_domains", { id: domainId }, { verification_status: "failed" })
          assert.deepStrictEqual(yield* store.find(nameOf(fqdn)), { ...found, verifiedAt: null })
          yield* world.update("frontline_routes", { fully_qualified_domain_name: fqdn }, { project_id: "proj_other" })
          assert.isNull(yield* store.find(nameOf(fqdn)))
          const platform = { verification_status: "verified", workspace_id: infrastructureWorkspace } as const
          yield* world.update("custom_domains", { id: domainId }, platform)
          assert.isNull(yield* store.find(nameOf(fqdn)))
          assert.isNull(yield* store.find(nameOf("unknown.example.com")))
        })
    )

    guarantee("a warning stands at a verified domain alone, and only that text is taken back", (store) =>
      Effect.gen(function* () {
        yield* store.warn({ domainId, problem, at })
        assert.deepInclude(yield* domainRow, { verification_error: problem, verification_status: "verified" })
        yield* store.clearWarning({ domainId, problem: "another text", at })
        assert.deepInclude(yield* domainRow, { verification_error: problem })
        yield* store.clearWarning({ domainId, problem, at })
        assert.deepInclude(yield* domainRow, { verification_error: null })
        yield* (yield* World).update("custom_domains", { id: domainId }, { verification_status: "verifying" })
        yield* store.warn({ domainId, problem, at })
        assert.deepInclude(yield* domainRow, { verification_error: null })
      })
    )

    guarantee(
      "a withdrawal takes the route off and fails challenge and domain together, as often as it is repeated",
      (store) =>
        Effect.gen(function* () {
          yield* store.withdraw({ domainId, problem, since: 5, at })
          const once = yield* rowsOf
          assert.deepStrictEqual(
            once.frontline_routes.map((row) => row.fully_qualified_domain_name),
            ["other.example.com"]
          )
          assert.deepInclude(yield* domainRow, {
            verification_status: "failed",
            verification_error: problem,
            ownership_verified: false,
            updated_at: at
          })
          assert.deepStrictEqual(Object.fromEntries(once.acme_challenges.map((row) => [row.domain_id, row.status])), {
            [domainId]: "failed",
            "dom_other.example.com": "verified"
          })
          yield* store.withdraw({ domainId, problem, since: 5, at })
          assert.deepStrictEqual(yield* rowsOf, once)
        })
    )

    guarantee(
      "a withdrawal leaves the route of another project, and the platform's own domains, as they are",
      (store) =>
        Effect.gen(function* () {
          const world = yield* World
          yield* world.update("frontline_routes", { fully_qualified_domain_name: fqdn }, { project_id: "proj_other" })
          yield* store.withdraw({ domainId, problem, since: 5, at })
          assert.lengthOf((yield* rowsOf).frontline_routes, 2)
          yield* world.update("custom_domains", { id: domainId }, { workspace_id: infrastructureWorkspace })
          const before = yield* rowsOf
          yield* store.withdraw({ domainId, problem: "again", since: 5, at })
          assert.deepStrictEqual(yield* rowsOf, before)
        })
    )
  })
