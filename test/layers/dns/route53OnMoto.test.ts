import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client
} from "@aws-sdk/client-route-53"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { Moto, moto, whyNoMoto } from "../../../dev/stack/Moto.ts"
import { inRealTime } from "../../../dev/stack/RealTime.ts"
import { Route53ZoneLive } from "../../../src/layers/dns/Route53ZoneLive.ts"
import { DnsZone } from "../../../src/services/dns/DnsZone.ts"
import { dnsZoneContract, ZoneValues } from "../../services/DnsZone.contract.ts"
import { recordAt } from "../../support/challengeRecords.ts"

const reason = await Effect.runPromise(whyNoMoto)

/** The account's own client, beside the worker's. */
class Account extends Context.Tag("test/layers/dns/Account")<
  Account,
  {
    /** Creates a zone; returns its id. */
    readonly addZone: (name: string, isPrivate?: boolean) => Effect.Effect<string>
    /** Writes records of these names, one batch. */
    readonly write: (zoneId: string, names: ReadonlyArray<string>) => Effect.Effect<void>
    /** The TXT values at a name, without their quotes. */
    readonly txt: (zoneId: string, name: string) => Effect.Effect<ReadonlyArray<string>>
  }
>() {}

const region = "us-east-1"
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }

const accountOf = (client: Route53Client): Context.Tag.Service<Account> => {
  let calls = 0
  return {
    addZone: (name, isPrivate = false) =>
      Effect.promise(async () => {
        calls += 1
        const made = await client.send(
          new CreateHostedZoneCommand({
            Name: name,
            CallerReference: String(calls),
            HostedZoneConfig: { PrivateZone: isPrivate },
            ...(isPrivate ? { VPC: { VPCId: `vpc-${calls}`, VPCRegion: region } } : {})
          })
        )
        return made.HostedZone?.Id?.replace("/hostedzone/", "") ?? ""
      }),
    write: (zoneId, names) =>
      Effect.promise(() => {
        const Changes = names.map((Name) => ({
          Action: "CREATE" as const,
          ResourceRecordSet: { Name, Type: "TXT" as const, TTL: 300, ResourceRecords: [{ Value: '"other"' }] }
        }))
        return client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }))
      }),
    txt: (zoneId, name) =>
      Effect.promise(async () => {
        const { ResourceRecordSets = [] } = await client.send(
          new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: name, StartRecordType: "TXT" })
        )
        const set = ResourceRecordSets.find(({ Name, Type }) => Name === `${name}.` && Type === "TXT")
        return (set?.ResourceRecords ?? []).map(({ Value = "" }) => Value.replace(/^"|"$/g, ""))
      })
  }
}

const account = Layer.scoped(
  Account,
  Effect.gen(function* () {
    const { endpoint } = yield* Moto
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => new Route53Client({ region, endpoint, credentials })),
      (it) => Effect.sync(() => it.destroy())
    )
    return accountOf(client)
  })
)

const zones = Layer.unwrapEffect(
  Effect.map(Moto, ({ endpoint }) =>
    Route53ZoneLive({
      region,
      accessKeyId: Redacted.make(credentials.accessKeyId),
      secretAccessKey: Redacted.make(credentials.secretAccessKey),
      hostedZoneId: Option.none(),
      endpoint: Option.some(endpoint)
    })
  )
)

const fixture = Layer.merge(zones, account).pipe(Layer.provide(moto))

const contractGround = Layer.effect(
  ZoneValues,
  Effect.gen(function* () {
    const { addZone, txt } = yield* Account
    const zoneId = yield* addZone("example.com")
    return (name: string) => txt(zoneId, name)
  })
).pipe(Layer.provideMerge(fixture))

if (reason !== null) {
  describe("DnsZone: Route 53 on moto", () => {
    it.skip(`skipped: ${reason}`, () => undefined)
  })
} else {
  // moto accepts a DELETE of any values that ever existed.
  dnsZoneContract("Route 53 on moto", contractGround, { comparesValues: false })

  layer(fixture, { excludeTestServices: true })("a crowded account on moto", (it) => {
    it.effect("a record is read and changed among more than one answer holds, and the others stay", () =>
      Effect.gen(function* () {
        const { addZone, txt, write } = yield* Account
        const zone = yield* DnsZone
        const zoneId = yield* addZone("crowded.test")
        const others = Array.from({ length: 350 }, (_, nth) => `n${String(nth).padStart(3, "0")}.crowded.test`)
        yield* write(zoneId, others)
        const name = "_acme-challenge.n349.crowded.test"
        yield* zone.addTxt(recordAt(name), "one")
        yield* zone.addTxt(recordAt(name), "two")
        assert.deepStrictEqual(yield* txt(zoneId, name), ["one", "two"])
        yield* zone.removeTxt(recordAt(name), "one")
        yield* zone.removeTxt(recordAt(name), "two")
        assert.deepStrictEqual(yield* txt(zoneId, name), [])
        for (const other of ["n000.crowded.test", "n349.crowded.test"])
          assert.deepStrictEqual(yield* txt(zoneId, other), ["other"])
      }).pipe(inRealTime)
    )

    it.effect("the public zone is found among 120 private ones of its name", () =>
      Effect.gen(function* () {
        const { addZone, txt } = yield* Account
        const zone = yield* DnsZone
        for (let nth = 0; nth < 120; nth++) yield* addZone("many.test", true)
        const zoneId = yield* addZone("many.test")
        yield* zone.addTxt(recordAt("_acme-challenge.many.test"), "v")
        assert.deepStrictEqual(yield* txt(zoneId, "_acme-challenge.many.test"), ["v"])
      }).pipe(inRealTime)
    )
  })
}
