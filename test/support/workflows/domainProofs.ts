import { Context, Effect, Either, Layer } from "effect"
import { DomainProofService } from "../../../src/contract/DomainProofService.ts"
import { domainName } from "../../../src/names/DomainName.ts"
import { PlatformZones } from "../../../src/services/customDomain/PlatformZones.ts"
import { Metrics } from "../../../src/services/Metrics.ts"
import { UpkeepSettings } from "../../../src/services/UpkeepSettings.ts"
import { DomainProofWorkflows } from "../../../src/workflows/domainProof/DomainProofWorkflows.ts"
import { seedCertified } from "../memory/certificateSeeds.ts"
import { MemoryDns, memoryDns } from "../memory/MemoryDns.ts"
import { seedProject } from "../memory/seeds.ts"
import { ControlPlane, Engine, type FixtureServices, on } from "./ControlPlane.ts"
import { startOfTime } from "./certificates.ts"
import { recordingAlso } from "./recordingAlso.ts"

export const domain = "app.example.com"
export const record = `_unkey.${domain}`
const day = 86_400_000
const platformZone = Either.getOrThrow(domainName("unkey.test"))

/** What was counted, in order. */
export class ProofEvents extends Context.Tag("test/ProofEvents")<ProofEvents, ReadonlyArray<string>>() {}

/** DomainProofService on the engine, with DNS in memory. */
export const domainProofs: Layer.Layer<ProofEvents | MemoryDns, never, FixtureServices> = Layer.effect(
  ProofEvents,
  Effect.gen(function* () {
    const engine = yield* Engine
    const events: Array<string> = []
    yield* engine.serve(DomainProofWorkflows).pipe(
      Effect.provideService(UpkeepSettings, { refillBatchSize: 1, minimumUsage: 0, daysWithoutProof: 7 }),
      Effect.provideService(PlatformZones, [platformZone]),
      Effect.provideServiceEffect(
        Metrics,
        recordingAlso((event) => {
          if (event._tag === "DomainProofChanged") events.push(event.change)
        })
      )
    )
    return events
  })
).pipe(Layer.provideMerge(memoryDns()))

export const withProofs = on<ProofEvents | MemoryDns>({ more: domainProofs })

export const publish = Effect.flatMap(MemoryDns, (dns) =>
  dns.set("TXT", record, [`unkey-domain-verify=token-${domain}`])
)
export const unpublish = Effect.flatMap(MemoryDns, (dns) => dns.set("TXT", record, []))

/** A served domain with a certificate, whose owner proves it. */
export const provenDomain = Effect.gen(function* () {
  yield* seedProject("shop")
  yield* seedCertified(domain, startOfTime - day, startOfTime + 89 * day)
  yield* publish
})

/** One look at everything, as the daily renewal asks for it, and the rest of that day. */
export const oneDay = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  const end = engine.time.now + day
  yield* engine.call(DomainProofService, "all", "LookAtPage", { after: 0n })
  yield* engine.advance(end - engine.time.now)
})

export const days = (count: number) => Effect.replicateEffect(oneDay, count, { discard: true })
