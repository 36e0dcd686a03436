import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Layer, Option, Redacted } from "effect"
import { startDnsServer } from "../../../dev/simulators/DnsServer.ts"
import {
  type Route53Options,
  Route53Server,
  type Route53ServerShape,
  route53Server,
  startRoute53
} from "../../../dev/simulators/Route53Server.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { DnsResolverLive } from "../../../src/layers/dns/DnsResolverLive.ts"
import { Route53ZoneLive, type Route53ZoneOptions } from "../../../src/layers/dns/Route53ZoneLive.ts"
import { DnsResolver } from "../../../src/services/dns/DnsResolver.ts"
import { DnsZone } from "../../../src/services/dns/DnsZone.ts"
import { dnsZoneContract, ZoneValues } from "../../services/DnsZone.contract.ts"
import { delegatedRecordAt, recordAt } from "../../support/challengeRecords.ts"

const canary = "canary-of-a-secret-key"

const zoneAt = (endpoint: string, options: Partial<Route53ZoneOptions> = {}) =>
  Route53ZoneLive({
    region: "us-east-1",
    accessKeyId: Redacted.make("AKIDEXAMPLE"),
    secretAccessKey: Redacted.make(canary),
    hostedZoneId: Option.none(),
    endpoint: Option.some(endpoint),
    ...options
  })

const values = Layer.effect(
  ZoneValues,
  Effect.map(Route53Server, (server) => ZoneValues.of(server.txt))
)
const live = Layer.unwrapEffect(Effect.map(Route53Server, ({ endpoint }) => zoneAt(endpoint)))

dnsZoneContract(
  "Route 53",
  Layer.merge(live, values).pipe(Layer.provide(route53Server({ zones: ["example.com"], syncDelay: "60 millis" })))
)

const name = "_acme-challenge.app.example.com"

/** The layer with a new server. */
const on = <A, E>(
  test: (zone: DnsZone["Type"], server: Route53ServerShape) => Effect.Effect<A, E>,
  options: Route53Options & { readonly live?: Partial<Route53ZoneOptions> } = {}
) =>
  Effect.gen(function* () {
    const server = yield* startRoute53({ zones: ["example.com"], ...options })
    const context = yield* Layer.build(zoneAt(server.endpoint, options.live))
    return yield* test(Context.get(context, DnsZone), server)
  }).pipe(Effect.scoped, inRealTime)

const zoneId = "Z0000000000001"
const txtSet = (...all: ReadonlyArray<string>) => ({
  name,
  type: "TXT",
  ttl: 300,
  values: all.map((value) => `"${value}"`)
})

describe("a change of a zone", () => {
  for (const refusal of ["ErrorResponse", "InvalidChangeBatch"] as const)
    it.effect(`[B9] keeps a foreign value that appears between its look and its write (${refusal})`, () =>
      on(
        (zone, server) =>
          Effect.gen(function* () {
            yield* zone.addTxt(recordAt(name), "first")
            yield* server.beforeNextBatch(server.write(zoneId, txtSet("first", "foreign")))
            yield* zone.addTxt(recordAt(name), "mine")
            assert.sameMembers([...(yield* server.txt(name))], ["first", "foreign", "mine"])
            yield* server.beforeNextBatch(server.write(zoneId, txtSet("mine", "another")))
            yield* zone.removeTxt(recordAt(name), "mine")
            assert.deepStrictEqual(yield* server.txt(name), ["another"])
          }),
        { refusal }
      )
    )

  it.effect("[B9] leaves a foreign set alone when its own value is not in it, whatever its TTL and chunks", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        const set = { name, type: "TXT", ttl: 17, values: ['"v=spf1 " "-all"', '"say \\"hi\\""'] }
        yield* server.write(zoneId, set)
        yield* zone.removeTxt(recordAt(name), "mine")
        yield* zone.addTxt(recordAt(name), "mine")
        yield* zone.removeTxt(recordAt(name), "mine")
        assert.deepStrictEqual(yield* server.txt(name), ["v=spf1 -all", 'say \\"hi\\"'])
      })
    )
  )

  for (const refusal of ["ErrorResponse", "InvalidChangeBatch"] as const)
    it.effect(`that the zone rejects for good needs a person after two batches (${refusal})`, () =>
      on(
        (zone, server) =>
          Effect.gen(function* () {
            const refused = yield* Effect.flip(zone.addTxt(recordAt("_acme-challenge.elsewhere.test"), "v"))
            assert.strictEqual(
              refused.message,
              "DNS record _acme-challenge.elsewhere.test: the zone rejects the change"
            )
            const posts = (yield* server.requests).filter((request) => request.startsWith("POST"))
            assert.lengthOf(posts, 2)
          }),
        { refusal, live: { hostedZoneId: Option.some(zoneId) } }
      )
    )

  it.effect("fails as a retryable conflict when another writer wins each time", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        let writes = 0
        const quicker: Effect.Effect<void> = Effect.suspend(() =>
          Effect.zipRight(server.write(zoneId, txtSet(`v${writes++}`)), server.beforeNextBatch(quicker))
        )
        yield* server.beforeNextBatch(quicker)
        const failure = yield* Effect.flip(zone.addTxt(recordAt(name), "mine"))
        assert.deepInclude(failure, { _tag: "DnsZoneUnavailable", reason: "conflict", operation: "change" })
        assert.strictEqual(writes, 5)
      })
    )
  )
})

describe("a zone", () => {
  it.effect("is the one with the longest name that holds the record, and a private one is none", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* server.addZone("app.example.com", { isPrivate: true })
        yield* server.addZone("pp.example.com")
        const inner = yield* server.addZone("b.example.com")
        yield* zone.addTxt(recordAt(name), "outer")
        yield* zone.addTxt(recordAt("_acme-challenge.a.b.example.com"), "inner")
        const posts = (yield* server.requests).filter((request) => request.startsWith("POST"))
        assert.deepStrictEqual(posts, [`POST /hostedzone/${zoneId}/rrset`, `POST /hostedzone/${inner}/rrset`])
      })
    )
  )

  it.effect("is looked for once and remembered", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* zone.addTxt(recordAt(name), "one")
        const before = (yield* server.requests).length
        yield* zone.addTxt(recordAt(name), "two")
        assert.deepStrictEqual((yield* server.requests).slice(before), [
          `GET /hostedzone/${zoneId}/rrset`,
          `POST /hostedzone/${zoneId}/rrset`
        ])
      })
    )
  )

  it.effect("that was made anew is found under its new id", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* zone.addTxt(recordAt(name), "one")
        yield* server.removeZone(zoneId)
        yield* server.addZone("example.com")
        const failure = yield* Effect.flip(zone.addTxt(recordAt(name), "one"))
        assert.deepInclude(failure, { _tag: "DnsZoneUnavailable", retryable: true })
        yield* zone.addTxt(recordAt(name), "one")
        assert.deepStrictEqual(yield* server.txt(name), ["one"])
      })
    )
  )

  it.effect("that does not exist, or that the settings name wrongly, needs an operator", () =>
    Effect.gen(function* () {
      const none = yield* on((zone) => Effect.flip(zone.addTxt(recordAt("_acme-challenge.foreign.test"), "v")))
      assert.strictEqual(
        none.message,
        "DNS record _acme-challenge.foreign.test: no public hosted zone of this account holds it"
      )
      const wrong = yield* on((zone) => Effect.flip(zone.addTxt(recordAt(name), "v")), {
        live: { hostedZoneId: Option.some("ZNOPE") }
      })
      assert.strictEqual(wrong.message, `DNS record ${name}: there is no hosted zone ZNOPE`)
    })
  )

  it.effect(
    "for customers is the one of the delegation domain, and no other of the account, however well it fits",
    () =>
      on((zone, server) =>
        Effect.gen(function* () {
          yield* server.addZone("test")
          const theirs = delegatedRecordAt("x", "challenges.test")
          const refused = yield* Effect.flip(zone.addTxt(theirs, "v"))
          assert.deepInclude(refused, {
            _tag: "DnsZoneRefused",
            problem:
              "this account has no public hosted zone challenges.test; make one, or set acme.route53.hosted_zone_id"
          })
          const own = yield* server.addZone("challenges.test")
          yield* zone.addTxt(theirs, "v")
          const posts = (yield* server.requests).filter((request) => request.startsWith("POST"))
          assert.deepStrictEqual(posts, [`POST /hostedzone/${own}/rrset`])
        })
      )
  )

  it.effect("is found behind more zones of its name than one answer of the list holds", () =>
    on(
      (zone, server) =>
        Effect.gen(function* () {
          for (let nth = 0; nth < 130; nth++) yield* server.addZone("many.test", { isPrivate: true })
          const last = yield* server.addZone("many.test")
          yield* zone.addTxt(recordAt("_acme-challenge.many.test"), "v")
          const posts = (yield* server.requests).filter((request) => request.startsWith("POST"))
          assert.deepStrictEqual(posts, [`POST /hostedzone/${last}/rrset`])
        }),
      { zones: [] }
    )
  )

  it.effect("that is one of two public ones of a name needs a person, who is told the setting", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* server.addZone("example.com")
        const refused = yield* Effect.flip(zone.addTxt(recordAt(name), "v"))
        assert.include(refused.message, "2 public hosted zones example.com; set acme.route53.hosted_zone_id")
      })
    )
  )

  it.effect("in which a CNAME stands at the record's name needs a person, and a check sees it", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* zone.check(recordAt(name))
        yield* server.write(zoneId, { name, type: "CNAME", ttl: 300, values: ["lb.example.net"] })
        const refused = yield* Effect.flip(zone.check(recordAt(name)))
        assert.include(refused.message, "the zone has a CNAME record at this name")
        assert.include(
          (yield* Effect.flip(zone.addTxt(recordAt(name), "v"))).message,
          "the zone has a CNAME record at this name"
        )
      })
    )
  )

  it.effect("with a wildcard CNAME takes the record, which then answers instead of it", () =>
    Effect.gen(function* () {
      const dns = yield* startDnsServer
      yield* dns.set("CNAME", "*.app.example.com", ["lb.example.net"])
      yield* on(
        (zone, server) =>
          Effect.gen(function* () {
            yield* server.write(zoneId, {
              name: "*.app.example.com",
              type: "CNAME",
              ttl: 300,
              values: ["lb.example.net"]
            })
            yield* zone.check(recordAt(name))
            yield* zone.addTxt(recordAt(name), "ours")
            const resolver = yield* Effect.provide(DnsResolver, DnsResolverLive({ resolvers: [dns.address] }))
            assert.deepStrictEqual(
              (yield* resolver.txt(name)).map(({ answer }) => answer),
              [{ _tag: "Found", records: ["ours"] }]
            )
          }),
        { publish: (host, all) => dns.set("TXT", host, all) }
      )
    }).pipe(Effect.scoped, inRealTime)
  )

  it.effect("that is configured is not looked for", () =>
    on(
      (zone, server) =>
        Effect.gen(function* () {
          yield* zone.addTxt(recordAt(name), "one")
          assert.notInclude((yield* server.requests).join(), "hostedzonesbyname")
        }),
      { live: { hostedZoneId: Option.some(zoneId) } }
    )
  )

  it.effect("publishes what is written to the servers that a CA asks", () =>
    Effect.gen(function* () {
      const dns = yield* startDnsServer
      yield* on(
        (zone) =>
          Effect.gen(function* () {
            yield* zone.addTxt(recordAt(name), "published")
            const resolver = yield* Effect.provide(DnsResolver, DnsResolverLive({ resolvers: [dns.address] }))
            assert.deepStrictEqual(yield* resolver.txt(name), [
              { server: dns.address, answer: { _tag: "Found", records: ["published"] } }
            ])
          }),
        { publish: (host, all) => dns.set("TXT", host, all) }
      )
    }).pipe(Effect.scoped, inRealTime)
  )
})

describe("a provider that does not do it now", () => {
  const faults = [
    [{ status: 400, code: "Throttling" }, "throttled"],
    [{ status: 400, code: "PriorRequestNotComplete" }, "conflict"],
    [{ status: 403, code: "AccessDenied" }, "denied"],
    [{ status: 403, code: "SignatureDoesNotMatch" }, "denied"],
    [{ status: 503, code: "ServiceUnavailable" }, "unavailable"],
    [{ status: 500, code: "InternalFailure" }, "unavailable"]
  ] as const
  for (const [fault, reason] of faults)
    it.effect(`with ${fault.code} is ${reason}, and may be asked again`, () =>
      on(
        (zone, server) =>
          Effect.gen(function* () {
            yield* server.failNext(fault, fault, fault)
            const failure = yield* Effect.flip(zone.addTxt(recordAt(name), "v"))
            assert.deepInclude(failure, { _tag: "DnsZoneUnavailable", reason, retryable: true, code: fault.code })
            // The other operation consumes the remaining faults.
            yield* Effect.ignore(zone.isInSync("C1"))
            yield* Effect.ignore(zone.isInSync("C1"))
            assert.isString(yield* zone.addTxt(recordAt(name), "v"))
          }),
        { live: { hostedZoneId: Option.some(zoneId) } }
      )
    )

  it.effect("but only stumbles is asked again by itself", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* server.failNext({ status: 400, code: "Throttling" }, { status: 500, code: "InternalFailure" })
        assert.isString(yield* zone.addTxt(recordAt(name), "v"))
      })
    )
  )

  it.effect("and is not there at all is unreachable, and no error shows a credential", () =>
    Effect.gen(function* () {
      const zone = Context.get(yield* Layer.build(zoneAt("http://127.0.0.1:1")), DnsZone)
      for (const operation of [
        zone.addTxt(recordAt(name), "v"),
        zone.removeTxt(recordAt(name), "v"),
        zone.isInSync("C1")
      ]) {
        const outcome = yield* Effect.either(operation)
        assert.isTrue(Either.isLeft(outcome))
        if (Either.isLeft(outcome)) {
          assert.deepInclude(outcome.left, { _tag: "DnsZoneUnavailable", reason: "unreachable" })
          assert.notInclude(JSON.stringify(outcome.left) + outcome.left.message, canary)
        }
      }
    }).pipe(Effect.scoped, inRealTime)
  )

  it.effect("has forgotten a change that every server has had for long", () =>
    on((zone) => Effect.map(zone.isInSync("C99"), (isInSync) => assert.isTrue(isInSync)))
  )

  it.effect("a check passes where a zone of ours holds the name, is refused where none does, and changes nothing", () =>
    on((zone, server) =>
      Effect.gen(function* () {
        yield* zone.check(recordAt(name))
        const refused = yield* Effect.flip(zone.check(recordAt("_acme-challenge.elsewhere.org")))
        assert.strictEqual(refused._tag, "DnsZoneRefused")
        assert.deepStrictEqual(yield* server.txt(name), [])
      })
    )
  )

  it.effect("a check of a configured zone that is gone is refused", () =>
    on(
      (zone) =>
        Effect.gen(function* () {
          const refused = yield* Effect.flip(zone.check(recordAt(name)))
          assert.strictEqual(refused._tag, "DnsZoneRefused")
        }),
      { live: { hostedZoneId: Option.some("Z9999999999999") } }
    )
  )
})
