import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { startDnsServer } from "../../../dev/simulators/DnsServer.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { DnsResolverLive } from "../../../src/layers/dns/DnsResolverLive.ts"
import { acmeChallengeName, fitsDns, ownershipName } from "../../../src/names/DnsName.ts"
import { DnsResolver } from "../../../src/services/dns/DnsResolver.ts"
import { canonicalNames, spellingsOf } from "../../names/spellings.ts"
import { named } from "../../support/named.ts"

/** Names that Node's resolver would transform into other names. */
const misleading = [
  "evil.com\u0000.victim.com",
  "\u24d4vil.com",
  "evil\u3002com",
  "b\u00fccher.example",
  "x\u00adx.com",
  "evil.com/path",
  "evil\\.com",
  "evil\\046com.victim.com",
  "evil.com\n.x",
  "%65vil.com",
  "a..b",
  ""
]

describe("what DNS is asked about a domain", () => {
  it.scoped("is nothing at all where a resolver could take the name for another one", () =>
    inRealTime(
      Effect.gen(function* () {
        const server = yield* startDnsServer
        const ask = Effect.gen(function* () {
          const dns = yield* DnsResolver
          for (const name of misleading) {
            for (const question of [dns.txt, dns.cname, dns.addresses]) {
              const answers = yield* question(name === "" ? name : `_unkey.${name}`)
              assert.deepStrictEqual(answers, [{ server: server.address, answer: { _tag: "Absent" } }], name)
            }
          }
          yield* dns.txt("_UNKEY.Evil.com.")
        })
        yield* Effect.provide(ask, DnsResolverLive({ resolvers: [server.address] }))
        assert.deepStrictEqual(yield* server.questions, ["TXT _unkey.evil.com"])
      })
    )
  )

  it.scoped("is exactly the name that was derived from it, in whatever spelling the domain was given", () =>
    inRealTime(
      Effect.gen(function* () {
        const server = yield* startDnsServer
        const spellings = fc.sample(
          canonicalNames.chain((name) => fc.tuple(fc.constant(name), spellingsOf(name))),
          60
        )
        const expected: Array<string> = []
        const ask = Effect.gen(function* () {
          const dns = yield* DnsResolver
          for (const [name, spelling] of spellings) {
            const domain = named(spelling)
            for (const question of [ownershipName(domain), acmeChallengeName(domain)].filter(fitsDns)) {
              yield* dns.txt(question)
              expected.push(`TXT ${question}`)
            }
            assert.strictEqual(ownershipName(domain), `_unkey.${name}`)
            assert.strictEqual(acmeChallengeName(domain), `_acme-challenge.${name.replace(/^\*\./, "")}`)
          }
        })
        yield* Effect.provide(ask, DnsResolverLive({ resolvers: [server.address] }))
        assert.deepStrictEqual(yield* server.questions, expected)
      })
    )
  )
})
