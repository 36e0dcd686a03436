import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { DomainProofService } from "../../../src/contract/DomainProofService.ts"
import { seedPlatformWildcard } from "../../support/memory/certificateSeeds.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { MemoryTables, transaction } from "../../support/memory/MemoryTables.ts"
import { seedCustomDomain, seedRoute } from "../../support/memory/seeds.ts"
import { World } from "../../support/memory/World.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import { removeDomain } from "../../support/workflows/CustomDomains.ts"
import {
  days,
  domain,
  oneDay,
  ProofEvents,
  provenDomain,
  publish,
  record,
  unpublish,
  withProofs
} from "../../support/workflows/domainProofs.ts"
import { rows } from "../../support/workflows/queries.ts"

const row = Effect.map(rows, ({ custom_domains }) => custom_domains.find((each) => each.domain === domain))
const served = Effect.map(rows, ({ frontline_routes }) =>
  frontline_routes.map((route) => route.fully_qualified_domain_name)
)
const silent = { _tag: "Failed", reason: "timeout" } as const

describe("a served domain", () => {
  it.effect("that was sold loses its route a week after its proof is gone, and says why", () =>
    Effect.gen(function* () {
      yield* provenDomain
      yield* days(3)
      assert.deepInclude(yield* row, { verification_status: "verified", verification_error: null })
      yield* unpublish
      yield* days(7)
      assert.deepStrictEqual(yield* served, [domain])
      assert.match(
        (yield* row)?.verification_error ?? "",
        /^the TXT record at _unkey\.app\.example\.com is missing since 2030-01-04; the domain is served until 2030-01-11/
      )
      yield* oneDay
      assert.deepStrictEqual(yield* served, [])
      assert.deepInclude(yield* row, {
        verification_status: "failed",
        verification_error: `the TXT record at ${record} has been missing since 2030-01-04, so the domain is no longer served; publish the record and verify the domain again`
      })
      assert.deepStrictEqual(
        (yield* rows).acme_challenges.map(({ status }) => status),
        ["failed"]
      )
      yield* days(10)
      assert.deepStrictEqual(yield* ProofEvents, ["missing", "withdrawn"])
      assert.deepStrictEqual((yield* ControlPlane).engine.stateOf(DomainProofService.name, domain), {})
    }).pipe(withProofs)
  )

  it.effect("whose proof is back in time keeps its route, and a later absence counts from its own beginning", () =>
    Effect.gen(function* () {
      yield* provenDomain
      yield* unpublish
      yield* days(6)
      yield* publish
      yield* oneDay
      assert.deepInclude(yield* row, { verification_status: "verified", verification_error: null })
      yield* unpublish
      yield* days(7)
      assert.deepStrictEqual(yield* served, [domain])
      assert.deepStrictEqual(yield* ProofEvents, ["missing", "restored", "missing"])
    }).pipe(withProofs)
  )

  it.effect("keeps its route while DNS does not answer or disagrees, however long", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* provenDomain
      yield* dns.set("TXT", record, silent)
      yield* days(10)
      yield* dns.set("TXT", record, [])
      yield* dns.set("TXT", record, [`unkey-domain-verify=token-${domain}`], "8.8.8.8")
      yield* days(10)
      assert.deepStrictEqual(yield* served, [domain])
      assert.deepStrictEqual(yield* ProofEvents, [])
    }).pipe(withProofs)
  )

  it.effect("does not escape by another verification that fails: its route is what counts", () =>
    Effect.gen(function* () {
      yield* provenDomain
      yield* unpublish
      yield* (yield* World).update("custom_domains", { domain }, { verification_status: "failed" })
      yield* days(8)
      assert.deepStrictEqual(yield* served, [])
    }).pipe(withProofs)
  )

  it.effect("that was verified again meanwhile begins anew", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* provenDomain
      yield* unpublish
      yield* days(5)
      yield* (yield* World).update("custom_domains", { domain }, { last_checked_at: engine.time.now })
      yield* days(6)
      assert.deepStrictEqual(yield* served, [domain])
      yield* days(2)
      assert.deepStrictEqual(yield* served, [])
    }).pipe(withProofs)
  )

  it.effect("that is deleted while its proof is missing leaves nothing behind", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      yield* provenDomain
      yield* unpublish
      yield* days(2)
      assert.property(engine.stateOf(DomainProofService.name, domain), "missing")
      yield* transaction(yield* MemoryTables)("remove", removeDomain)
      yield* days(7)
      assert.deepStrictEqual(engine.stateOf(DomainProofService.name, domain), {})
      assert.deepStrictEqual(yield* ProofEvents, ["missing"])
    }).pipe(withProofs)
  )

  it.effect("is looked at by its name, in whatever spelling the row has it", () =>
    Effect.gen(function* () {
      const name = "xn--mnchen-3ya.example.com"
      yield* provenDomain
      yield* seedCustomDomain("shop", "münchen.example.com", { verification_status: "verified" })
      yield* seedRoute("shop", name)
      yield* days(8)
      assert.deepStrictEqual(yield* served, [domain])
    }).pipe(withProofs)
  )

  it.effect("never has a host name that the platform gave to its project: that route stays", () =>
    Effect.gen(function* () {
      yield* provenDomain
      yield* seedCustomDomain("shop", "shop-main.unkey.test", { verification_status: "failed" })
      yield* seedRoute("shop", "shop-main.unkey.test")
      yield* days(8)
      assert.deepStrictEqual(yield* served, [domain, "shop-main.unkey.test"])
    }).pipe(withProofs)
  )

  it.effect("of the platform is never looked at, and one of hundreds that is gone costs itself alone", () =>
    Effect.gen(function* () {
      const dns = yield* MemoryDns
      yield* provenDomain
      yield* seedPlatformWildcard("*.unkey.test")
      yield* Effect.forEach(
        Array.from({ length: 150 }, (_, nth) => `d${nth}.example.com`),
        (name) =>
          Effect.all([
            seedCustomDomain("shop", name, { verification_status: "verified" }),
            seedRoute("shop", name),
            dns.set("TXT", `_unkey.${name}`, [`unkey-domain-verify=token-${name}`])
          ])
      )
      yield* dns.set("TXT", "_unkey.d149.example.com", [])
      yield* days(8)
      assert.lengthOf(yield* served, 150)
      assert.notInclude(yield* served, "d149.example.com")
      assert.deepStrictEqual(yield* ProofEvents, ["missing", "withdrawn"])
      assert.deepInclude(
        (yield* rows).custom_domains.find((each) => each.domain === "*.unkey.test"),
        { verification_status: "verified" }
      )
    }).pipe(withProofs)
  )
})
