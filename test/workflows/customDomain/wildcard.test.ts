import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { delegatedRecord } from "../../../src/workflows/challenge/recordOf.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { seedCustomDomain, seedProject } from "../../support/memory/seeds.ts"
import { ControlPlane } from "../../support/workflows/ControlPlane.ts"
import { Certificates, withDomains } from "../../support/workflows/CustomDomains.ts"
import { rows } from "../../support/workflows/queries.ts"

const wildcard = "*.apps.customer.test"
const challenge = "_acme-challenge.apps.customer.test"
const rules = { platformApexes: ["unkey.test"], delegationDomain: "challenges.test" }
const expected = Either.match(delegatedRecord(`dom_${wildcard}`, rules), {
  onLeft: ({ reason }) => reason,
  onRight: ({ name }) => name
})

/** A wildcard domain whose owner has published everything but the delegation. */
const published = Effect.gen(function* () {
  const dns = yield* MemoryDns
  yield* seedProject("shop")
  yield* seedCustomDomain("shop", wildcard)
  yield* dns.set("TXT", `_unkey.${wildcard}`, [`unkey-domain-verify=token-${wildcard}`])
  yield* dns.set("CNAME", wildcard, [`target-${wildcard}.cname.unkey.test`])
  const { engine } = yield* ControlPlane
  engine.submit(CustomDomainService, wildcard, "VerifyDomain", {})
  yield* engine.advance(5000)
})

const row = Effect.map(rows, ({ custom_domains }) => custom_domains[0])

describe("the verification of a wildcard domain", () => {
  it.effect("names the CNAME to set, takes a wildcard's for none, and is done once it is there", () =>
    Effect.gen(function* () {
      yield* published
      const dns = yield* MemoryDns
      const { engine } = yield* ControlPlane
      assert.deepInclude(yield* row, {
        verification_status: "verifying",
        verification_error: `the CNAME of ${challenge} leads to target-${wildcard}.cname.unkey.test, expected ${expected}`
      })
      yield* dns.set("CNAME", challenge, ["lb-1.elb.provider.test"])
      yield* engine.advance(60_000)
      assert.deepInclude(yield* row, {
        verification_status: "verifying",
        verification_error: `the CNAME of ${challenge} leads to lb-1.elb.provider.test, expected ${expected}`
      })
      assert.isEmpty((yield* Certificates).ordered)
      yield* dns.set("CNAME", challenge, [expected])
      yield* engine.advance(120_000)
      assert.deepInclude(yield* row, { verification_status: "verified", verification_error: null })
      assert.lengthOf((yield* Certificates).ordered, 1)
    }).pipe(withDomains())
  )

  it.effect("goes on while DNS does not answer for the delegation, and says so", () =>
    Effect.gen(function* () {
      yield* published
      const dns = yield* MemoryDns
      yield* dns.set("CNAME", challenge, { _tag: "Failed", reason: "timeout" })
      yield* (yield* ControlPlane).engine.advance(60_000)
      assert.include((yield* row)?.verification_error ?? "", `DNS did not answer for the CNAME of ${challenge}`)
    }).pipe(withDomains())
  )

  it.effect("ends at once, with the reason, where no delegation domain is configured", () =>
    Effect.gen(function* () {
      yield* published
      assert.deepInclude(yield* row, {
        verification_status: "failed",
        verification_error: "wildcard domains are not offered here, because acme.delegation_domain is not configured"
      })
      assert.deepStrictEqual((yield* ControlPlane).engine.stateOf(CustomDomainService.name, wildcard), {})
    }).pipe(withDomains({ delegationDomain: null }))
  )
})
