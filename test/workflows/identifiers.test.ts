import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { dnsLabel, fingerprint, numberFrom, resourceId } from "../../src/workflows/identifiers.ts"

const seed = fc.array(fc.string(), { minLength: 1, maxLength: 4 })

describe("derived identifiers", () => {
  it("have the formats that other components expect", () => {
    fc.assert(
      fc.property(seed, (parts) => {
        assert.match(resourceId("flr", ...parts), /^flr_[a-zA-Z0-9]{16}$/)
        assert.match(dnsLabel(parts), /^[a-z][a-z0-9]{15}$/)
        assert.match(fingerprint(parts, 12), /^[a-z0-9]{12}$/)
        const number = numberFrom(parts, 1000, 9999)
        assert.isTrue(Number.isInteger(number) && number >= 1000 && number <= 9999)
      })
    )
  })

  it("are a function of the seed: a repeated step writes the same row", () => {
    assert.strictEqual(resourceId("net", "d_1", "us-east-1.aws"), "net_oh5zccd6SbLKq3YA")
    assert.strictEqual(dnsLabel(["env_1", "us-east-1.aws"]), dnsLabel(["env_1", "us-east-1.aws"]))
    assert.match(dnsLabel(["env_1", "us-east-1.aws"]), /^lah9xmls/)
    assert.strictEqual(numberFrom(["d_1"], 1000, 9999), 4173)
  })

  it("differ when the parts of the seed are split differently", () => {
    assert.notStrictEqual(resourceId("se", "a", "bc"), resourceId("se", "ab", "c"))
    assert.notStrictEqual(dnsLabel(["a", "bc"]), dnsLabel(["ab", "c"]))
    assert.notStrictEqual(resourceId("se", "a").slice(3), resourceId("net", "a").slice(4))
  })

  it("keep apart seeds whose first 8 characters were found equal by trying", () => {
    const pairs = [
      [
        ["sentinel", "env_evil00", "gjkkjbcaa"],
        ["sentinel", "env_000076", "us-west-2.aws"]
      ]
    ] as const
    for (const [found, target] of pairs) {
      assert.strictEqual(dnsLabel(found).substring(0, 8), dnsLabel(target).substring(0, 8))
      assert.notStrictEqual(dnsLabel(found), dnsLabel(target))
    }
  })

  it("do not collide over a hundred thousand seeds", () => {
    const ids = Array.from({ length: 100_000 }, (_, at) => resourceId("flr", "project", String(at)))
    assert.strictEqual(new Set(ids).size, ids.length)
  })
})
