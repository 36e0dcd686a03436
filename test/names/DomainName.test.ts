import { assert, describe, it } from "@effect/vitest"
import { Either, Schema } from "effect"
import fc from "fast-check"
import {
  baseOf,
  DomainName,
  type DomainNameProblem,
  domainName,
  domainNameProblems,
  isWildcard,
  unicodeOf
} from "../../src/names/DomainName.ts"
import { tenantDomainName } from "../../src/names/tenantDomain.ts"
import { canonicalNames, spellingsOf } from "./spellings.ts"

const nameOf = (text: string) => Either.getOrThrow(domainName(text))
const zones = [nameOf("unkey.app"), nameOf("regions.unkey.cloud")]
const problemOf = (text: string) =>
  Either.match(tenantDomainName(text, zones), { onLeft: ({ problem }) => problem, onRight: () => null })

const long = (octets: number) =>
  `${`${"a".repeat(61)}.`.repeat(4)}`
    .slice(0, octets - 4)
    .replace(/\.$/, "a")
    .concat(".dev")

/** A text and the reason for its rejection. */
const refused: ReadonlyArray<readonly [text: string, problem: DomainNameProblem]> = [
  ["", "empty"],
  [`${"a.".repeat(125)}abcde`, "too_long"],
  ["x".repeat(1_000_000), "too_long"],
  ["evil.com\u0000.victim.com", "character"],
  ["evil.com\n.x", "character"],
  ["evil com", "character"],
  ["evil.com/path", "character"],
  ["evil.com#x", "character"],
  ["%65vil.com", "character"],
  ["evil\\.com", "character"],
  ["evil\\046com.victim.com", "character"],
  ["evil.com:443", "character"],
  ["user@evil.com", "character"],
  ["a_b.example.com", "underscore"],
  ["_unkey.example.com", "underscore"],
  ["*", "wildcard"],
  ["*.*.example.com", "wildcard"],
  ["a.*.example.com", "wildcard"],
  ["a*.example.com", "wildcard"],
  ["*example.com", "wildcard"],
  ["℀.example.com", "unicode"],
  ["\ud800.example.com", "unicode"],
  ["\u200d.example.com", "unicode"],
  ["evil\u0000。com", "character"],
  ["1א.example.com", "unicode"],
  ["a..example.com", "empty_label"],
  [".example.com", "empty_label"],
  ["example.com..", "empty_label"],
  ["*..example.com", "empty_label"],
  [".", "empty_label"],
  [`${"a".repeat(64)}.com`, "label_too_long"],
  [`${"ü".repeat(80)}.com`, "label_too_long"],
  ["-a.example.com", "hyphen"],
  ["a-.example.com", "hyphen"],
  ["ab--cd.example.com", "reserved_label"],
  ["xn--a.example.com", "punycode"],
  ["xn--zz.example.com", "punycode"],
  ["xn--xn--a-gua.example.com", "punycode"],
  ["xn--bcher-kva.xn--a.com", "punycode"],
  ["1.2.3.4", "ip_address"],
  ["1.2.3.4.", "ip_address"],
  ["0x7f.1", "ip_address"],
  ["127.0.0.0x1", "ip_address"],
  ["１.2.3.4", "ip_address"],
  ["[::1]", "ip_address"],
  ["::1", "ip_address"],
  ["localhost", "too_few_labels"],
  ["com.", "too_few_labels"],
  ["*.com", "too_few_labels"],
  ["co.uk", "public_suffix"],
  ["*.co.uk", "public_suffix"],
  ["CO.UK.", "public_suffix"],
  ["公司.cn", "public_suffix"],
  ["github.io", "public_suffix"],
  ["*.vercel.app", "public_suffix"],
  [long(247), "unprovable"],
  [`*.${long(238)}`, "unprovable"],
  ["unkey.app", "platform_zone"],
  ["*.unkey.app", "platform_zone"],
  ["*.UNKEY.app.", "platform_zone"],
  ["shop-main.unkey.app", "platform_zone"],
  ["*.eu-west-1.aws.regions.unkey.cloud", "platform_zone"],
  ["*.unkey.cloud", "platform_zone"]
]

/** A text and its canonical name. */
const accepted: ReadonlyArray<readonly [text: string, name: string]> = [
  ["example.com", "example.com"],
  ["EXAMPLE.com.", "example.com"],
  ["*.Example.com", "*.example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example", "xn--bcher-kva.example"],
  ["bu\u0308cher.example", "xn--bcher-kva.example"],
  ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
  ["faß.de", "xn--fa-hia.de"],
  ["ⓔvil.com", "evil.com"],
  ["evil。com", "evil.com"],
  ["ｅvil.com", "evil.com"],
  ["x\u00adx.com", "xx.com"],
  ["😀.ws", "xn--e28h.ws"],
  ["shop.github.io", "shop.github.io"],
  ["notunkey.app", "notunkey.app"],
  ["unkey.cloud", "unkey.cloud"],
  ["db.internal", "db.internal"],
  [`${"a".repeat(63)}.com`, `${"a".repeat(63)}.com`],
  [long(246), long(246)],
  [`*.${long(237)}`, `*.${long(237)}`]
]

describe("DomainName", () => {
  it.each(refused)("refuses %j: %s", (text, problem) => {
    assert.strictEqual(problemOf(text), problem)
  })

  it("has a refusal in the table above for each of its reasons, and a sentence for each", () => {
    assert.deepStrictEqual([...new Set(refused.map(([, problem]) => problem))].sort(), [...domainNameProblems].sort())
    for (const [text] of refused) {
      const refusal = Either.getOrThrow(Either.flip(tenantDomainName(text, zones)))
      assert.match(refusal.message, /^not a domain name that can be served: \w.+\w$/)
    }
  })

  it.each(accepted)("reads %j as %s", (text, name) => {
    assert.strictEqual(problemOf(text), null)
    assert.strictEqual(nameOf(text), name)
  })

  it("is canonical: it is read as itself, and has one spelling in a message", () => {
    fc.assert(
      fc.property(canonicalNames, (text) => {
        const name = nameOf(text)
        assert.strictEqual(name, text)
        assert.match(name, /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/)
        assert.strictEqual(Schema.encodeSync(DomainName)(Schema.decodeSync(DomainName)(text)), text)
        assert.strictEqual(nameOf(unicodeOf(name)), name)
        assert.strictEqual(isWildcard(name) ? `*.${baseOf(name)}` : baseOf(name), name)
      })
    )
  })

  it("is one for all spellings of a name", () => {
    fc.assert(
      fc.property(
        canonicalNames.chain((name) => fc.tuple(fc.constant(name), spellingsOf(name))),
        ([name, spelling]) => assert.strictEqual(nameOf(spelling), name)
      )
    )
  })

  it("is read from any text or refused with a reason, and what is read is canonical", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(..."aZ0-.*_\u0000。😀ß\u00ad%xn") }),
      fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 5 }).map((labels) => labels.join("."))
    )
    fc.assert(
      fc.property(text, (given) => {
        const read = domainName(given)
        if (Either.isLeft(read)) return
        assert.strictEqual(nameOf(read.right), read.right)
        assert.isAtMost(read.right.length, 253)
      }),
      { numRuns: 2000 }
    )
  })

  it("tells in a message why text was refused, and not the text", () => {
    const read = Schema.decodeUnknownEither(DomainName)("secret_token.example.com")
    const { message } = Either.getOrThrow(Either.flip(read))
    assert.include(message, "host names have no underscore")
    assert.notInclude(message, "secret")
  })

  it("is not written where it is not canonical, whatever was cast", () => {
    // Values that a cast could introduce.
    const smuggled = "EVIL.com" as DomainName
    assert.isTrue(Either.isLeft(Schema.encodeEither(DomainName)(smuggled)))
  })
})
