import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import type { DnsAnswer } from "../../../src/services/dns/DnsResolver.ts"
import { quoted, verificationError } from "../../../src/workflows/customDomain/finding.ts"
import { judgeOwnership } from "../../../src/workflows/customDomain/ownership.ts"
import { isConfirmed, tally } from "../../../src/workflows/customDomain/serverTally.ts"
import { judgeTarget } from "../../../src/workflows/customDomain/target.ts"
import { named } from "../../support/named.ts"
import { absent, answers, failed, found } from "./answers.ts"

const fqdn = named("app.example.com")
const target = "abc.cname.test"
const token = "unkey-domain-verify=T0ken"
const other = "v=spf1 -all"

const ownershipOf = (resolvers: ReadonlyArray<DnsAnswer>, authoritative: ReadonlyArray<DnsAnswer> = []) =>
  judgeOwnership(fqdn, "T0ken", {
    resolvers: answers(...resolvers),
    authoritative: authoritative.map((answer, index) => ({ server: `ns${index + 1}`, answer }))
  })

const cnameOf = (...cname: ReadonlyArray<DnsAnswer>) =>
  judgeTarget(fqdn, target, { cname: answers(...cname), addresses: [], targetAddresses: [] })

const addressesOf = (own: ReadonlyArray<DnsAnswer>, theirs: ReadonlyArray<DnsAnswer>) =>
  judgeTarget(fqdn, target, {
    cname: answers(...own.map(() => absent)),
    addresses: answers(...own),
    targetAddresses: answers(...theirs)
  })

/** Where chains of CNAMEs end; the domain's own CNAME names another host than the target. */
const endsOf = (ends: ReadonlyArray<DnsAnswer>, targetEnds: ReadonlyArray<DnsAnswer>, last = "x.example.net") =>
  judgeTarget(fqdn, target, {
    cname: answers(...ends.map(() => found(last))),
    addresses: [],
    targetAddresses: [],
    ends: answers(...ends),
    targetEnds: answers(...targetEnds)
  })

describe("a domain is its owner's", () => {
  const accepted: ReadonlyArray<readonly [string, ReadonlyArray<DnsAnswer>, ReadonlyArray<DnsAnswer>?]> = [
    ["when every server has the record", [found(token), found(token)], [found(token)]],
    ["in whatever case it was typed", [found(token.toUpperCase()), found("UNKEY-domain-VERIFY=t0KEN")]],
    [
      "beside any other records",
      [found(...Array.from({ length: 19 }, (_, n) => `value ${n}`), token), found(token, other)]
    ],
    ["while one of two resolvers is away", [failed("server_failure"), found(token)], [found(token)]],
    ["while no authoritative server can be reached", [found(token), found(token)], [failed(), failed(), failed()]],
    ["when the authoritative servers are not found", [found(token), found(token)], []]
  ]
  for (const [what, resolvers, authoritative] of accepted)
    it(what, () => assert.isNull(ownershipOf(resolvers, authoritative)))
})

describe("a domain is not its owner's yet", () => {
  const name = `_unkey.${fqdn}`
  const refused: ReadonlyArray<readonly [string, ReadonlyArray<DnsAnswer>, ReadonlyArray<DnsAnswer>, string]> = [
    [
      "when there is no record",
      [absent, absent],
      [absent],
      `there is no TXT record at ${name}; add one with the value ${token}`
    ],
    [
      "when the record is another one",
      [found(other), found(other)],
      [],
      `the TXT record at ${name} is ${other}, expected ${token}`
    ],
    [
      "when the record has spaces around it",
      [found(` ${token}`), found(` ${token}`)],
      [],
      `the TXT record at ${name} is  ${token}, expected ${token}`
    ],
    [
      "while one resolver still sees the old state",
      [found(token), absent],
      [found(token)],
      `the TXT record at ${name} is not seen by b yet; changes can take a while to spread`
    ],
    [
      "when only caches have the record any more",
      [found(token), found(token)],
      [absent, failed()],
      `the TXT record at ${name} is not seen by ns1 yet; changes can take a while to spread`
    ],
    [
      "while no resolver answers, whatever the authoritative servers say",
      [failed("server_failure"), failed("refused")],
      [found(token)],
      `too few DNS servers answered for the TXT record at ${name} (a: server failure, b: refused); check the name servers of the domain`
    ],
    [
      "while two of three resolvers do not answer",
      [failed(), failed("unreachable"), found(token)],
      [],
      `too few DNS servers answered for the TXT record at ${name} (a: timeout, b: unreachable); check the name servers of the domain`
    ]
  ]
  for (const [what, resolvers, authoritative, problem] of refused)
    it(what, () => assert.strictEqual(ownershipOf(resolvers, authoritative), problem))
})

describe("a domain leads to us", () => {
  const accepted: ReadonlyArray<readonly [string, () => string | null]> = [
    ["by a CNAME that names the target", () => cnameOf(found(target), found(target))],
    ["by a CNAME in another case and with a final dot", () => cnameOf(found("ABC.cname.Test."), found(target))],
    ["while one of two resolvers is away", () => cnameOf(failed(), found(target))],
    [
      "by the target's addresses, in any order, when it has no CNAME",
      () =>
        addressesOf(
          [found("192.0.2.1", "2001:db8::1"), found("192.0.2.1")],
          [found("2001:db8::1", "192.0.2.1"), found("192.0.2.1")]
        )
    ],
    [
      "by the target's addresses of one family, where the target has both",
      () =>
        addressesOf(
          [found("192.0.2.1"), found("192.0.2.1")],
          [found("192.0.2.1", "2001:db8::1"), found("192.0.2.1", "2001:db8::1")]
        )
    ],
    [
      "by some of the addresses of a balancer, which shows each server others",
      () =>
        addressesOf(
          [found("192.0.2.1"), found("192.0.2.3", "192.0.2.2")],
          [found("192.0.2.2", "192.0.2.3"), found("192.0.2.1", "192.0.2.4")]
        )
    ],
    [
      "by the target's addresses, though its CNAME names another host",
      () =>
        judgeTarget(fqdn, target, {
          cname: answers(found("x.example.net"), found("x.example.net")),
          addresses: answers(found("192.0.2.1"), found("192.0.2.1")),
          targetAddresses: answers(found("192.0.2.1"), found("192.0.2.1"))
        })
    ],
    [
      "by a chain of CNAMEs that ends at the target",
      () => endsOf([found("ABC.cname.Test."), found(target)], [absent, absent])
    ],
    [
      "by a chain of CNAMEs that ends where the target's own ends",
      () => endsOf([found("lb-1.example.org"), found("lb-1.example.org")], [found("lb-1.example.org"), failed()])
    ],
    [
      "by its CNAME on one server and by the same addresses on another, which flattens it",
      () =>
        judgeTarget(fqdn, target, {
          cname: answers(found(target), absent),
          addresses: answers(found("192.0.2.1"), found("192.0.2.1")),
          targetAddresses: answers(found("192.0.2.1"), found("192.0.2.1"))
        })
    ]
  ]
  for (const [what, judged] of accepted) it(what, () => assert.isNull(judged()))
})

describe("a domain does not lead to us yet", () => {
  const refused: ReadonlyArray<readonly [string, () => string | null, string]> = [
    [
      "when its CNAME points elsewhere",
      () => cnameOf(found("x.example.net"), found("x.example.net")),
      `the CNAME of ${fqdn} points to x.example.net, expected ${target}`
    ],
    [
      "when it points to itself, as one end of a loop",
      () => cnameOf(found(fqdn), found(fqdn)),
      `the CNAME of ${fqdn} points to ${fqdn}, expected ${target}`
    ],
    [
      "while one resolver still sees the old target",
      () => cnameOf(found(target), found("old.example.net")),
      `the CNAME of ${fqdn} points to old.example.net, expected ${target}`
    ],
    [
      "while one resolver sees none yet",
      () => cnameOf(found(target), absent),
      `the CNAME of ${fqdn} is not seen by b yet; changes can take a while to spread`
    ],
    [
      "while no resolver answers",
      () => cnameOf(failed("server_failure"), failed()),
      `too few DNS servers answered for the CNAME of ${fqdn} (a: server failure, b: timeout); check the name servers of the domain`
    ],
    [
      "when it has neither a CNAME nor addresses",
      () => addressesOf([absent, absent], [found("192.0.2.1"), found("192.0.2.1")]),
      `${fqdn} has no CNAME record; add one that points to ${target}`
    ],
    [
      "when it has other addresses than the target",
      () => addressesOf([found("192.0.2.9"), found("192.0.2.9")], [found("192.0.2.1"), found("192.0.2.1")]),
      `${fqdn} has the addresses 192.0.2.9, but ${target} has 192.0.2.1; point it there with a CNAME, ALIAS or ANAME record`
    ],
    [
      "when one of its addresses is another server's, whatever the others are",
      () => addressesOf([found("192.0.2.1", "2001:db8::9")], [found("192.0.2.1", "192.0.2.2")]),
      `${fqdn} has the addresses 2001:db8::9, but ${target} has 192.0.2.1, 192.0.2.2; point it there with a CNAME, ALIAS or ANAME record`
    ],
    [
      "when it has the target's addresses on one server and none on another",
      () => addressesOf([found("192.0.2.1"), absent], [found("192.0.2.1"), found("192.0.2.1")]),
      `the addresses of ${fqdn} are not seen by b yet; changes can take a while to spread`
    ],
    [
      "when a proxy answers for it: the reason names the proxy",
      () =>
        addressesOf(
          [found("104.21.5.6", "2606:4700::6812:1"), found("104.21.5.6")],
          [found("192.0.2.1"), found("192.0.2.1")]
        ),
      `${fqdn} has the addresses 104.21.5.6, 2606:4700::6812:1, but ${target} has 192.0.2.1; point it there with a CNAME, ALIAS or ANAME record; it leads to a proxy of Cloudflare, which hides the record: turn the proxy off ("DNS only")`
    ],
    [
      "when its chain of CNAMEs ends elsewhere, and the target is the end of no chain",
      () => endsOf([found("y.example.net"), found("y.example.net")], [absent, absent]),
      `the CNAME of ${fqdn} points to x.example.net, expected ${target}`
    ],
    [
      "when nothing is known of the ends of both chains",
      () => endsOf([failed(), absent], [failed(), absent]),
      `the CNAME of ${fqdn} points to x.example.net, expected ${target}`
    ],
    [
      "when neither it nor the target has any address: nothing equals nothing",
      () => addressesOf([found(), found()], [found(), found()]),
      `${fqdn} has no CNAME record; add one that points to ${target}`
    ],
    [
      "when the target has no addresses to compare with",
      () => addressesOf([found("192.0.2.9"), found("192.0.2.9")], [absent, absent]),
      `${fqdn} has no CNAME record, and its addresses 192.0.2.9 are not those of ${target}, which has none; add a CNAME that points to ${target}`
    ],
    [
      "while no server answers for its addresses",
      () => addressesOf([failed(), failed()], [found("192.0.2.1"), found("192.0.2.1")]),
      `too few DNS servers answered for the addresses of ${fqdn} (a: timeout, b: timeout); check the name servers of the domain`
    ]
  ]
  for (const [what, judged, problem] of refused) it(what, () => assert.strictEqual(judged(), problem))
})

const arbitraryAnswer: fc.Arbitrary<DnsAnswer> = fc.oneof(
  fc
    .array(fc.constantFrom(token, other, target, "192.0.2.1", "x.example.net"), { maxLength: 4 })
    .map((records) => found(...records)),
  fc.constant(absent),
  fc.constantFrom("timeout", "server_failure", "refused", "unreachable").map((reason) => failed(reason))
)
const arbitraryAnswers = fc.array(arbitraryAnswer, { minLength: 1, maxLength: 4 })

describe("a fact", () => {
  it("never holds against a server that answered otherwise, nor when most servers are silent", () => {
    fc.assert(
      fc.property(arbitraryAnswers, (given) => {
        const all = tally(answers(...given), (records) => records.includes(token))
        const isRight = (answer: DnsAnswer) => answer._tag === "Found" && answer.records.includes(token)
        const silent = given.filter(({ _tag }) => _tag === "Failed").length
        const confirming = given.filter(isRight).length
        const expected = confirming > 0 && confirming + silent === given.length && confirming * 2 >= given.length
        assert.strictEqual(isConfirmed(all), expected)
        assert.strictEqual(all.confirming.length + all.denying.length + all.failed.length, given.length)
      })
    )
  })

  it("does not depend on the order of the servers, nor on which one is asked first", () => {
    fc.assert(
      fc.property(arbitraryAnswers, arbitraryAnswers, (resolvers, authoritative) => {
        const turned = [...resolvers].reverse()
        assert.strictEqual(ownershipOf(resolvers, authoritative) === null, ownershipOf(turned, authoritative) === null)
        assert.strictEqual(cnameOf(...resolvers) === null, cnameOf(...turned) === null)
      })
    )
  })

  it("that is judged not to hold always has a reason that fits its column", () => {
    fc.assert(
      fc.property(arbitraryAnswers, arbitraryAnswers, (one, two) => {
        for (const finding of [
          ownershipOf(one, two),
          cnameOf(...one),
          addressesOf(
            one,
            one.map(() => absent)
          )
        ])
          if (finding !== null) assert.isNotEmpty(finding.trim())
      })
    )
  })
})

describe("a problem", () => {
  it("is at most 512 code points of printable text, whatever the records hold", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 600 }), { minLength: 1, maxLength: 3 }),
        (findings) => {
          const problem = verificationError(findings)
          assert.isAtMost([...problem].length, 512)
          assert.isTrue(problem.isWellFormed())
          assert.notMatch(problem, /\p{Cc}/u)
        }
      )
    )
  })

  it("shows three records, each shortened, and counts the rest", () => {
    assert.strictEqual(quoted(["a", "b"]), "a, b")
    assert.strictEqual(quoted(["a", "b\n", "c", "d", "e"]), "a, b?, c and 2 more")
    assert.strictEqual(quoted(["🚀".repeat(100)]), `${"🚀".repeat(79)}…`)
  })
})
