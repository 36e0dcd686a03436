import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { CustomDomainService } from "../../../src/contract/CustomDomainService.ts"
import { unicodeOf } from "../../../src/names/DomainName.ts"
import { tenantDomainName } from "../../../src/names/tenantDomain.ts"
import { canonicalNames, spellingsOf } from "../../names/spellings.ts"
import { MemoryDns } from "../../support/memory/MemoryDns.ts"
import { seedCustomDomain, seedProject, targetOf, tokenOf } from "../../support/memory/seeds.ts"
import { named } from "../../support/named.ts"
import { advance, apex, ControlPlane, drain } from "../../support/workflows/ControlPlane.ts"
import { Certificates, withDomains } from "../../support/workflows/CustomDomains.ts"
import { answerOf, rows } from "../../support/workflows/queries.ts"
import { unfinished } from "../../support/workflows/scenario.ts"

/** Asks for a verification as the control API does: under the domain as its row has it. */
const verify = (key: string) =>
  Effect.flatMap(ControlPlane, ({ engine }) => answerOf(engine.submit(CustomDomainService, key, "VerifyDomain", {})))

const prove = Effect.fnUntraced(function* (name: string, row: string) {
  const dns = yield* MemoryDns
  yield* dns.set("TXT", `_unkey.${name}`, [`unkey-domain-verify=${tokenOf(row)}`])
  yield* dns.set("CNAME", name, [targetOf(row)])
})

const rowOf = (id: string) => Effect.map(rows, ({ custom_domains }) => custom_domains.find((row) => row.id === id))

const objectsWithState = (keys: ReadonlyArray<string>) =>
  Effect.map(ControlPlane, ({ engine }) =>
    keys.filter((key) => Object.keys(engine.stateOf(CustomDomainService.name, key)).length > 0)
  )

const refused: ReadonlyArray<readonly [key: string, reason: string]> = [
  ["evil.com\u0000.victim.com", "letters, digits, hyphens and dots only"],
  ["a_b.example.com", "no underscore"],
  ["evil.com/path", "letters, digits, hyphens and dots only"],
  ["evil\\.com", "letters, digits, hyphens and dots only"],
  ["1.2.3.4", "IP address"],
  ["xn--a.example.com", "not the ASCII form of any text"],
  ["github.io", "public suffix"],
  [`*.${apex}`, "the platform itself"],
  [`shop.${apex}.`, "the platform itself"],
  ["x".repeat(256), "more than 63 octets"]
]

describe("the key of a custom domain", () => {
  it.effect.each(refused)("%j is refused at once, and the row says why", ([key, reason]) =>
    Effect.gen(function* () {
      yield* seedProject("shop")
      yield* seedCustomDomain("shop", key, { id: "dom_unfit" })
      yield* seedCustomDomain("shop", "evil.com.victim.com", { id: "dom_other" })
      yield* prove("evil.com", key)
      const { code, message } = yield* verify(key)
      assert.strictEqual(code, 400)
      assert.include(message, reason)
      const row = yield* rowOf("dom_unfit")
      assert.strictEqual(row?.verification_status, "failed")
      assert.include(row?.verification_error ?? "", reason)
      assert.strictEqual((yield* rowOf("dom_other"))?.verification_status, "pending")
      const { engine } = yield* ControlPlane
      assert.deepStrictEqual(unfinished(engine), [])
      assert.strictEqual((yield* rows).frontline_routes.length, 0)
    }).pipe(withDomains())
  )

  for (const key of ["B\u00dcCHER.example", "b\u00fccher.example", "XN--bcher-KVA.example.", "xn--bcher-kva.example"])
    it.effect(`${key} has the run, the route and the certificate of the canonical spelling`, () =>
      Effect.gen(function* () {
        const canonical = "xn--bcher-kva.example"
        const stored = "b\u00fccher.example"
        yield* seedProject("shop")
        yield* seedCustomDomain("shop", stored, { id: "dom_1" })
        yield* prove(canonical, stored)
        assert.strictEqual((yield* verify(key)).code, 200)
        assert.deepStrictEqual(yield* objectsWithState([...new Set([key, stored, canonical])]), [canonical])
        yield* drain
        const { frontline_routes } = yield* rows
        assert.deepStrictEqual(
          frontline_routes.map((row) => row.fully_qualified_domain_name),
          [canonical]
        )
        assert.deepInclude(yield* rowOf("dom_1"), { domain: stored, verification_status: "verified" })
        const { ordered } = yield* Certificates
        assert.deepStrictEqual(
          ordered.map(({ domain }) => domain),
          [named(canonical)]
        )
      }).pipe(withDomains())
    )

  it.effect("of a name that another row has is refused, and the proven row is left as it is", () =>
    Effect.gen(function* () {
      yield* seedProject("shop")
      yield* seedProject("evil")
      yield* seedCustomDomain("shop", "shop.example.com", { id: "dom_shop", verification_status: "verified" })
      yield* seedCustomDomain("evil", "shop.example.com.", { id: "dom_dot" })
      yield* seedCustomDomain("evil", "SHOP.example.com", { id: "dom_case" })
      yield* seedCustomDomain("evil", "shop\u3002example.com", { id: "dom_width" })
      const before = yield* rowOf("dom_shop")
      for (const key of ["shop.example.com.", "SHOP.example.com", "shop\u3002example.com"])
        assert.strictEqual((yield* verify(key)).code, 400)
      assert.deepStrictEqual(yield* rowOf("dom_shop"), before)
      for (const id of ["dom_dot", "dom_case", "dom_width"])
        assert.strictEqual((yield* rowOf(id))?.verification_status, "failed")
      assert.deepStrictEqual(
        yield* objectsWithState(["shop.example.com", "shop.example.com.", "SHOP.example.com", "shop\u3002example.com"]),
        []
      )
    }).pipe(withDomains())
  )

  it.effect("of 403 units and 203 code points is a domain like any other, down to its certificate", () =>
    Effect.gen(function* () {
      const stored = Array.from({ length: 4 }, () => "\u{1f600}".repeat(50)).join(".")
      const canonical = named(stored)
      assert.strictEqual(unicodeOf(canonical), stored)
      yield* seedProject("shop")
      yield* seedCustomDomain("shop", stored, { id: "dom_emoji" })
      yield* prove(canonical, stored)
      assert.strictEqual((yield* verify(stored)).code, 200)
      yield* drain
      assert.strictEqual((yield* rowOf("dom_emoji"))?.verification_status, "verified")
      const { engine } = yield* ControlPlane
      assert.deepStrictEqual(unfinished(engine), [])
      assert.deepStrictEqual(
        (yield* Certificates).ordered.map(({ domain }) => domain),
        [canonical]
      )
    }).pipe(withDomains())
  )

  it.effect("that an earlier version has a run under goes on under the canonical spelling", () =>
    Effect.gen(function* () {
      const { engine } = yield* ControlPlane
      const run = { nonce: "n", startedAt: 0, domainId: "dom_1", failedChecks: 1, isConfirming: false }
      yield* seedProject("shop")
      yield* seedCustomDomain("shop", "b\u00fccher.example", { id: "dom_1", verification_status: "verifying" })
      for (const key of ["b\u00fccher.example", "a_b.example"]) {
        engine.setState(CustomDomainService.name, key, "run", run)
        engine.submit(CustomDomainService, key, "CheckDomain", { nonce: "n" })
      }
      yield* advance(1_000)
      assert.deepStrictEqual(yield* objectsWithState(["b\u00fccher.example", "a_b.example", "xn--bcher-kva.example"]), [
        "xn--bcher-kva.example"
      ])
    }).pipe(withDomains())
  )

  it.effect("is one for all spellings of a name, whichever are asked for", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          canonicalNames
            .filter((name) => tenantDomainName(name, [])._tag === "Right")
            .chain((name) => fc.tuple(fc.constant(name), fc.array(spellingsOf(name), { minLength: 1, maxLength: 4 }))),
          ([name, spellings]) =>
            Effect.runPromise(
              Effect.gen(function* () {
                yield* seedProject("shop")
                yield* seedCustomDomain("shop", name)
                for (const key of spellings) yield* verify(key)
                const withState = yield* objectsWithState([...new Set([...spellings, name])])
                assert.deepStrictEqual(withState, [name])
                assert.strictEqual((yield* rows).custom_domains[0]?.verification_status, "verifying")
              }).pipe(withDomains())
            )
        ),
        { numRuns: 40 }
      )
    )
  )
})
