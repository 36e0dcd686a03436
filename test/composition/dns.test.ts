import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer } from "effect"
import { startDnsServer } from "../../dev/simulators/DnsServer.ts"
import { startRoute53 } from "../../dev/simulators/Route53Server.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { Resolver, Zone } from "../../src/composition/adapters.ts"
import { workerConfig } from "../../src/config.ts"
import { DnsResolver } from "../../src/services/dns/DnsResolver.ts"
import { DnsZone } from "../../src/services/dns/DnsZone.ts"
import { recordAt } from "../support/challengeRecords.ts"

/** The layers as a worker with these settings builds them. */
const built = <A>(
  layer: Layer.Layer<A, never, Layer.Layer.Success<ReturnType<typeof workerConfig>>>,
  env: Readonly<Record<string, string>>
) =>
  Layer.build(Layer.provide(layer, workerConfig([]))).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(
      ConfigProvider.fromMap(
        new Map(
          Object.entries({
            WORKER_DATABASE_PRIMARY: "app:pw@tcp(db:3306)/unkey",
            WORKER_CNAME_DOMAIN: "cname.test",
            ...env
          })
        ),
        { pathDelim: "_" }
      )
    )
  )

const name = "_acme-challenge.app.example.com"

describe("DNS as configured", () => {
  it.scoped("asks the resolvers and the authoritative servers that the settings name", () =>
    Effect.gen(function* () {
      const [resolver, authoritative] = yield* Effect.all([startDnsServer, startDnsServer])
      yield* resolver.set("TXT", name, ["cached"])
      yield* authoritative.set("TXT", name, ["fresh"])
      const env = {
        WORKER_DNS_RESOLVERS: resolver.address,
        WORKER_DNS_AUTHORITATIVE_SERVERS: authoritative.address
      }
      const dns = Context.get(yield* built(Resolver, env), DnsResolver)
      assert.deepStrictEqual(yield* Effect.all([dns.txt(name), dns.authoritativeTxt(name)]), [
        [{ server: resolver.address, answer: { _tag: "Found", records: ["cached"] } }],
        [{ server: authoritative.address, answer: { _tag: "Found", records: ["fresh"] } }]
      ])
    }).pipe(inRealTime)
  )

  it.scoped("writes in the Route 53 that the settings name", () =>
    Effect.gen(function* () {
      const server = yield* startRoute53({ zones: ["example.com"] })
      const env = {
        WORKER_ACME_ENABLED: "true",
        WORKER_VAULT_URL: "http://127.0.0.1:1",
        WORKER_ACME_ROUTE53_ENABLED: "true",
        WORKER_ACME_ROUTE53_ACCESS_KEY_ID: "id",
        WORKER_ACME_ROUTE53_SECRET_ACCESS_KEY: "key",
        WORKER_ACME_ROUTE53_ENDPOINT: server.endpoint
      }
      const zone = Context.get(yield* built(Zone, env), DnsZone)
      yield* zone.addTxt(recordAt(name), "value")
      assert.deepStrictEqual(yield* server.txt(name), ["value"])
    }).pipe(inRealTime)
  )

  it.scoped("refuses to write without a provider, and says so", () =>
    Effect.gen(function* () {
      const zone = Context.get(yield* built(Zone, {}), DnsZone)
      const refusal = yield* Effect.flip(zone.addTxt(recordAt(name), "value"))
      assert.strictEqual(refusal.message, `DNS record ${name}: no DNS provider is configured`)
    })
  )
})
