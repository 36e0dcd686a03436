import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import { dnsServer } from "../../src/config/dnsServer.ts"
import { list, oneOrMore } from "../../src/config/kinds.ts"

describe("the address of a DNS server", () => {
  for (const address of ["1.1.1.1", "127.0.0.1:8053", "2606:4700::1111", "[2606:4700::1111]", "[::1]:8053"])
    it(`may be ${address}`, () => assert.deepStrictEqual(dnsServer.decode(address), Either.right(address)))

  for (const address of [
    "",
    "dns.google",
    "1.1.1",
    "1.1.1.1:",
    "1.1.1.1:0",
    "1.1.1.1:65536",
    "1.1.1.1:dns",
    "[::1]:",
    "[::1"
  ])
    it(`may not be "${address}"`, () =>
      assert.deepStrictEqual(
        dnsServer.decode(address),
        Either.left("expected an IP address with an optional port, such as 1.1.1.1 or 127.0.0.1:8053")
      ))
})

describe("a list of resolvers", () => {
  const resolvers = oneOrMore(list(dnsServer))

  it("names at least one", () => {
    assert.deepStrictEqual(resolvers.decode("1.1.1.1, 127.0.0.1:8053"), Either.right(["1.1.1.1", "127.0.0.1:8053"]))
    assert.deepStrictEqual(resolvers.decode(""), Either.left("must name at least one"))
  })

  it("is refused with the place of the entry that is wrong", () => {
    assert.match(String(Either.getLeft(resolvers.decode("1.1.1.1,dns.google"))), /\(entry 2\)/)
  })
})
