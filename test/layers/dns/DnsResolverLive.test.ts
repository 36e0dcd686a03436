import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type DnsServerShape, startDnsServer } from "../../../dev/simulators/DnsServer.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { DnsResolverLive, type DnsResolverOptions } from "../../../src/layers/dns/DnsResolverLive.ts"
import { isPublicAddress } from "../../../src/layers/outbound/publicAddress.ts"
import { type DnsAnswer, DnsResolver, type ServerAnswer } from "../../../src/services/dns/DnsResolver.ts"

const fqdn = "app.example.com"
const absent: DnsAnswer = { _tag: "Absent" }
const found = (...records: ReadonlyArray<string>): DnsAnswer => ({ _tag: "Found", records })
const failed = (reason: "timeout" | "server_failure" | "refused" | "unreachable"): DnsAnswer => ({
  _tag: "Failed",
  reason
})

interface Servers {
  readonly one: DnsServerShape
  readonly two: DnsServerShape
  readonly dns: DnsResolver["Type"]
  /** The answers only: both servers have the same. */
  readonly only: (asked: ReturnType<DnsResolver["Type"]["txt"]>) => Effect.Effect<DnsAnswer | undefined>
}

/** A resolver on two servers; the first is also authoritative. */
const withServers = <A, E>(
  test: (servers: Servers) => Effect.Effect<A, E>,
  options: Partial<DnsResolverOptions> = {}
) =>
  Effect.gen(function* () {
    const one = yield* startDnsServer
    const two = yield* startDnsServer
    const port = Number(one.address.split(":")[1])
    const layer = DnsResolverLive({
      resolvers: [one.address, two.address],
      reach: { port, isAllowed: () => true },
      bound: "2 seconds",
      ...options
    })
    const dns = yield* Effect.provide(DnsResolver, layer)
    const only: Servers["only"] = (asked) =>
      Effect.map(asked, (given) => {
        assert.deepStrictEqual(
          given.map(({ server }) => server),
          [one.address, two.address]
        )
        assert.deepStrictEqual(given[0]?.answer, given[1]?.answer)
        return given[0]?.answer
      })
    return yield* test({ one, two, dns, only })
  }).pipe(Effect.scoped, inRealTime)

const onBoth = ({ one, two }: Servers, act: (server: DnsServerShape) => Effect.Effect<void>) =>
  Effect.all([act(one), act(two)], { discard: true })

describe("a resolver", () => {
  it.effect("joins the chunks of a TXT record and keeps its case and spaces", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* onBoth(servers, (server) => server.set("TXT", fqdn, [["Unkey-", "VERIFY", " =x "], "v=spf1"]))
        assert.deepStrictEqual(yield* servers.only(servers.dns.txt(fqdn)), found("Unkey-VERIFY =x ", "v=spf1"))
      })
    )
  )

  it.effect("[B9] sees all of 20 TXT values, which no longer fit into one datagram", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        const values = Array.from({ length: 20 }, (_, nth) => `${nth} ${"x".repeat(200)}`)
        yield* onBoth(servers, (server) => server.set("TXT", fqdn, values))
        assert.deepStrictEqual(yield* servers.only(servers.dns.txt(fqdn)), found(...values))
      })
    )
  )

  it.effect("asks for a name in any case and answers host names in lower case without final dot", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* onBoth(servers, (server) => server.set("CNAME", fqdn, ["Target.CNAME.Test."]))
        assert.deepStrictEqual(yield* servers.only(servers.dns.cname("App.EXAMPLE.com.")), found("target.cname.test"))
      })
    )
  )

  it.effect("gives addresses of both families together", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* onBoth(servers, (server) => server.set("A", fqdn, ["192.0.2.1"]))
        assert.deepStrictEqual(yield* servers.only(servers.dns.addresses(fqdn)), found("192.0.2.1"))
        yield* onBoth(servers, (server) => server.set("AAAA", fqdn, ["2001:DB8:0::1"]))
        assert.deepStrictEqual(yield* servers.only(servers.dns.addresses(fqdn)), found("192.0.2.1", "2001:db8::1"))
      })
    )
  )

  it.effect("[B9] says that nothing is there, for a name as for a record", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* onBoth(servers, (server) => server.set("A", fqdn, ["192.0.2.1"]))
        assert.deepStrictEqual(yield* servers.only(servers.dns.txt(fqdn)), absent)
        assert.deepStrictEqual(yield* servers.only(servers.dns.txt("nowhere.example.com")), absent)
        assert.deepStrictEqual(yield* servers.only(servers.dns.addresses("nowhere.example.com")), absent)
        const impossible = `${"x".repeat(70)}.example.com`
        assert.deepStrictEqual(yield* servers.only(servers.dns.txt(impossible)), absent)
      })
    )
  )

  for (const [fault, reason] of [
    ["server_failure", "server_failure"],
    ["refused", "refused"],
    ["silence", "timeout"]
  ] as const)
    it.effect(`[B9] says ${reason} of a server that answers with ${fault}, and asks the others all the same`, () =>
      withServers(({ dns, one, two }) =>
        Effect.gen(function* () {
          yield* two.set("TXT", fqdn, ["here"])
          yield* one.fail(fqdn, fault)
          assert.deepStrictEqual(yield* dns.txt(fqdn), [
            { server: one.address, answer: failed(reason) },
            { server: two.address, answer: found("here") }
          ])
          assert.deepStrictEqual((yield* dns.addresses(fqdn))[0]?.answer, failed(reason))
        })
      )
    )

  it.effect("[B9] waits for a slow server within its bound and no longer", () =>
    withServers(({ dns, one, two }) =>
      Effect.gen(function* () {
        yield* one.set("TXT", fqdn, ["late"])
        yield* one.fail(fqdn, { slow: "200 millis" })
        yield* two.fail(fqdn, { slow: "1 hour" })
        assert.deepStrictEqual(yield* dns.txt(fqdn), [
          { server: one.address, answer: found("late") },
          { server: two.address, answer: failed("timeout") }
        ])
      })
    )
  )

  it.effect("says that a server is unreachable or silent when nothing listens at its address", () =>
    withServers(
      ({ dns }) =>
        Effect.gen(function* () {
          const [first] = yield* dns.txt(fqdn)
          assert.include(["unreachable", "timeout"], first?.answer._tag === "Failed" ? first.answer.reason : "")
        }),
      { resolvers: ["127.0.0.1:1"], bound: "500 millis" }
    )
  )

  it.effect("[B9] shows split answers as they are", () =>
    withServers(({ dns, one, two }) =>
      Effect.gen(function* () {
        yield* one.set("CNAME", fqdn, ["new.example.net"])
        yield* two.set("CNAME", fqdn, ["old.example.net"])
        assert.deepStrictEqual(
          (yield* dns.cname(fqdn)).map(({ answer }) => answer),
          [found("new.example.net"), found("old.example.net")]
        )
      })
    )
  )
})

describe("a chain of aliases", () => {
  /** The result of the first resolver. */
  const endOf = ({ dns, one }: Servers, name: string) =>
    Effect.map(dns.canonicalName(name), (ends) => ends.find(({ server }) => server === one.address)?.answer)

  it.effect("is followed to its end, and a name that is no alias has none", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* servers.one.set("CNAME", "a.example.com", ["B.example.net."])
        yield* servers.one.set("CNAME", "b.example.net", ["c.example.org"])
        assert.deepStrictEqual(yield* endOf(servers, "A.example.com."), found("c.example.org"))
        assert.deepStrictEqual(yield* endOf(servers, "C.example.org"), absent)
      })
    )
  )

  it.effect("[B9] ends where it would go round, and after eight links", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* servers.one.set("CNAME", "a.example.com", ["b.example.com"])
        yield* servers.one.set("CNAME", "b.example.com", ["a.example.com"])
        assert.deepStrictEqual(yield* endOf(servers, "a.example.com"), found("a.example.com"))
        for (let link = 0; link < 20; link++)
          yield* servers.one.set("CNAME", `n${link}.example.com`, [`n${link + 1}.example.com`])
        assert.deepStrictEqual(yield* endOf(servers, "n0.example.com"), found("n8.example.com"))
      })
    )
  )

  it.effect("is followed by each resolver for itself", () =>
    withServers(({ dns, one, two }) =>
      Effect.gen(function* () {
        yield* one.set("CNAME", fqdn, ["old.example.net"])
        yield* two.set("CNAME", fqdn, ["new.example.net"])
        assert.deepStrictEqual(yield* dns.canonicalName(fqdn), [
          { server: one.address, answer: found("old.example.net") },
          { server: two.address, answer: found("new.example.net") }
        ])
      })
    )
  )

  for (const [fault, reason] of [
    ["server_failure", "server_failure"],
    ["refused", "refused"],
    ["silence", "timeout"]
  ] as const)
    it.effect(`is not known where a question fails with ${fault}, at its beginning or in its middle`, () =>
      withServers((servers) =>
        Effect.gen(function* () {
          const { one } = servers
          yield* one.set("CNAME", "middle.example.com", [fqdn])
          yield* one.set("CNAME", fqdn, ["end.example.net"])
          yield* one.fail(fqdn, fault)
          assert.deepStrictEqual(yield* endOf(servers, fqdn), failed(reason))
          assert.deepStrictEqual(yield* endOf(servers, "middle.example.com"), failed(reason))
        })
      )
    )

  it.effect("begins with a wildcard where nothing else is written, and not where something is", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* servers.one.set("CNAME", "*.example.com", ["lb.example.net"])
        assert.deepStrictEqual(yield* endOf(servers, "_acme-challenge.example.com"), found("lb.example.net"))
        yield* servers.one.set("TXT", "_acme-challenge.example.com", ["written"])
        assert.deepStrictEqual(yield* endOf(servers, "_acme-challenge.example.com"), absent)
      })
    )
  )
})

describe("the servers of a zone", () => {
  const name = `_unkey.${fqdn}`
  const delegate = (servers: Servers, zone: string) =>
    onBoth(servers, (server) =>
      Effect.zipRight(server.set("NS", zone, ["NS1.host.example."]), server.set("A", "ns1.host.example", ["127.0.0.1"]))
    )

  it.effect("are found by walking up from the name, and asked without a cache between", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "example.com")
        yield* servers.one.set("TXT", name, ["fresh"])
        yield* servers.two.set("TXT", name, ["stale"])
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [
          { server: "ns1.host.example", answer: found("fresh") }
        ])
      })
    )
  )

  it.effect("are those above an alias, not those of the zone that it names", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "example.com")
        yield* onBoth(servers, (server) =>
          Effect.all([
            server.set("CNAME", fqdn, ["elsewhere.test"]),
            server.set("NS", "elsewhere.test", ["ns.elsewhere.test"]),
            server.set("A", "ns.elsewhere.test", ["127.0.0.2"])
          ])
        )
        yield* servers.one.set("TXT", name, ["fresh"])
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [
          { server: "ns1.host.example", answer: found("fresh") }
        ])
      })
    )
  )

  it.effect("are those of the zone that the value was delegated to", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "delegated.test")
        yield* onBoth(servers, (server) => server.set("CNAME", name, ["value.delegated.test"]))
        yield* servers.one.set("TXT", "value.delegated.test", ["there"])
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [
          { server: "ns1.host.example", answer: found("there") }
        ])
      })
    )
  )

  it.effect(
    "are those of the name itself where a record of ours is looked for, whatever alias a resolver remembers",
    () =>
      withServers((servers) =>
        Effect.gen(function* () {
          yield* delegate(servers, "example.com")
          yield* servers.two.set("CNAME", "*.app.example.com", ["lb.elsewhere.test"])
          yield* servers.one.set("TXT", name, ["written"])
          assert.deepStrictEqual(yield* servers.dns.zoneTxt(name), [
            { server: "ns1.host.example", answer: found("written") }
          ])
        })
      )
  )

  it.effect("are not known while a question about the zone fails: those of the zone above it are other servers", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "example.com")
        yield* delegate(servers, fqdn)
        yield* onBoth(servers, (server) => server.fail(fqdn, "server_failure"))
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [])
        yield* onBoth(servers, ({ heal }) => heal)
        yield* onBoth(servers, (server) => server.fail(name, "server_failure"))
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [])
      })
    )
  )

  it.effect("are silent, not missing, where the address of one of them is not answered", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "example.com")
        yield* onBoth(servers, (server) =>
          Effect.all([
            server.set("NS", "example.com", ["ns1.host.example.", "ns2.host.example."]),
            server.fail("ns2.host.example", "server_failure")
          ])
        )
        yield* servers.one.set("TXT", name, ["fresh"])
        const answers: ReadonlyArray<ServerAnswer> = [
          { server: "ns1.host.example", answer: found("fresh") },
          { server: "ns2.host.example", answer: failed("server_failure") }
        ]
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), answers)
        assert.deepStrictEqual(yield* servers.dns.zoneTxt(name), answers)
      })
    )
  )

  it.effect("are none when no zone is found, and a top-level domain is not one", () =>
    withServers((servers) =>
      Effect.gen(function* () {
        yield* delegate(servers, "com")
        assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [])
      })
    )
  )

  it.effect("are not asked at an internal address, whatever the zone's owner names", () =>
    Effect.gen(function* () {
      const internal = yield* startDnsServer
      const port = Number(internal.address.split(":")[1])
      yield* internal.set("TXT", name, ["what an internal server says"])
      yield* withServers(
        (servers) =>
          Effect.gen(function* () {
            yield* onBoth(servers, (server) =>
              Effect.all([
                server.set("NS", "example.com", ["ns1.host.example.", "ns2.host.example.", "ns3.host.example."]),
                server.set("A", "ns1.host.example", ["127.0.0.1"]),
                server.set("A", "ns2.host.example", ["169.254.169.254", "10.0.0.1"]),
                server.set("A", "ns3.host.example", ["0.0.0.0"])
              ])
            )
            assert.deepStrictEqual(yield* servers.dns.authoritativeTxt(name), [])
          }),
        { reach: { port, isAllowed: isPublicAddress } }
      )
      assert.deepStrictEqual(yield* internal.questions, [])
    }).pipe(Effect.scoped, inRealTime)
  )

  it.effect("are the configured ones when there are any", () =>
    Effect.gen(function* () {
      const own = yield* startDnsServer
      yield* own.set("TXT", name, ["private"])
      yield* withServers(
        ({ dns, one }) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* dns.authoritativeTxt(name), [
              { server: own.address, answer: found("private") }
            ])
            assert.deepStrictEqual(yield* one.questions, [])
          }),
        { authoritativeServers: [own.address] }
      )
    }).pipe(Effect.scoped, inRealTime)
  )
})
