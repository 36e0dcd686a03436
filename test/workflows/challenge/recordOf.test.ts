import { assert, describe, it } from "@effect/vitest"
import { Either, Option } from "effect"
import * as fc from "fast-check"
import { baseOf, domainName } from "../../../src/names/DomainName.ts"
import type { ChallengeRules } from "../../../src/services/certificate/CertificateSettings.ts"
import { infrastructureWorkspace } from "../../../src/services/certificate/CertificateStore.ts"
import { ChallengeRecord } from "../../../src/services/dns/ChallengeRecord.ts"
import { recordOf } from "../../../src/workflows/challenge/recordOf.ts"

const rules: ChallengeRules = {
  platformApexes: ["unkey.app", "unkey.cloud"],
  delegationDomain: "challenges.example"
}
const platform = (name: string) => ({ id: "dom_1", workspaceId: infrastructureWorkspace, name })
const customer = (name: string, id = "dom_1") => ({ id, workspaceId: "ws_customer", name })
const nameOf = (record: Either.Either<ChallengeRecord, unknown>) =>
  Option.getOrNull(Option.map(Either.getRight(record), ({ name }) => name))

describe("the record that proves a domain", () => {
  it("of the platform stands at its own name, at and below each apex", () => {
    assert.strictEqual(nameOf(recordOf(platform("*.unkey.app"), rules)), "_acme-challenge.unkey.app")
    assert.strictEqual(nameOf(recordOf(platform("*.EU.unkey.cloud"), rules)), "_acme-challenge.eu.unkey.cloud")
  })

  for (const name of ["*.customer.example", "*.notunkey.app", "*.app", "*.unkey.app.evil.example", "*.a b.unkey.app"])
    it(`of the platform is none for ${name}`, () => assert.isNull(nameOf(recordOf(platform(name), rules))))

  it("of a customer stands below the delegation domain, whatever the name, and is another one for each row", () => {
    const first = nameOf(recordOf(customer("*.customer.example"), rules))
    assert.match(first ?? "", /^[a-z0-9]{24}\.challenges\.example$/)
    assert.strictEqual(nameOf(recordOf(customer("*.unkey.app"), rules)), first)
    assert.notStrictEqual(nameOf(recordOf(customer("*.customer.example", "dom_2"), rules)), first)
  })

  it("of a customer is none without a delegation domain", () => {
    const none = recordOf(customer("*.customer.example"), { ...rules, delegationDomain: null })
    assert.deepInclude(Either.getOrThrow(Either.flip(none)), { _tag: "NoDelegationDomain" })
  })

  const canonical = (name: string) =>
    Either.match(domainName(name), { onLeft: () => "none", onRight: (known) => baseOf(known) as string })
  const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
  const forms = (apexes: ReadonlyArray<string>, delegation: string) => (name: string) =>
    name.length <= 253 &&
    (name.startsWith("_acme-challenge.")
      ? new RegExp(`^_acme-challenge(\\.${label})+$`).test(name) &&
        apexes.some((apex) => `.${name.slice("_acme-challenge.".length)}`.endsWith(`.${canonical(apex)}`))
      : new RegExp(`^[a-z0-9]{24}(\\.${label})+$`).test(name) && name.slice(25) === canonical(delegation))

  /** Host names, and what resembles them: other cases, empty labels, wildcards, foreign characters, spaces and zeros. */
  const host = fc.oneof(
    fc.domain(),
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("unkey", "app", "*", "", "_acme-challenge", "EVIL", "x\0", "challenges", "example", "é"))
      .map((labels) => labels.join("."))
  )

  it("has one of the two forms, whatever the rows and the settings hold", () => {
    fc.assert(
      fc.property(host, fc.string(), fc.boolean(), fc.array(host), host, (name, id, isOurs, apexes, delegation) => {
        const settings = { platformApexes: ["unkey.app", ...apexes], delegationDomain: delegation }
        const domain = { id, name, workspaceId: isOurs ? infrastructureWorkspace : "ws_customer" }
        const made = nameOf(recordOf(domain, settings))
        return made === null || forms(settings.platformApexes, delegation)(made)
      }),
      { numRuns: 2_000 }
    )
  })

  it("cannot be made from a label of a tenant's choice", () => {
    fc.assert(
      fc.property(host, host, (text, delegation) => {
        const record = ChallengeRecord.delegated(text, delegation)
        return record === null || forms([], delegation)(record.name)
      }),
      { numRuns: 2_000 }
    )
    for (const text of ["_acme-challenge", "", "a".repeat(23), "A".repeat(24), "a.b".padEnd(24, "x")])
      assert.isNull(ChallengeRecord.delegated(text, "challenges.example"))
  })
})
