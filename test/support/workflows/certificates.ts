import { Context, Effect, Either, Layer } from "effect"
import { implement } from "effect-restate"
import { CertificateService } from "../../../src/contract/CertificateService.ts"
import { DomainProofService } from "../../../src/contract/DomainProofService.ts"
import { AcmeProblem } from "../../../src/services/certificate/Acme.ts"
import { CertificateSettings, type ChallengeRules } from "../../../src/services/certificate/CertificateSettings.ts"
import { CertificateStore } from "../../../src/services/certificate/CertificateStore.ts"
import { PlatformZones } from "../../../src/services/customDomain/PlatformZones.ts"
import { DbRefused } from "../../../src/services/Db.ts"
import { challengeName } from "../../../src/services/dns/ChallengeRecord.ts"
import { Heartbeat, type HeartbeatFailed } from "../../../src/services/Heartbeat.ts"
import { type MetricEvent, Metrics } from "../../../src/services/Metrics.ts"
import { CertificateWorkflows } from "../../../src/workflows/certificate/CertificateWorkflows.ts"
import { delegatedRecord } from "../../../src/workflows/challenge/recordOf.ts"
import { CustomDomainWorkflows } from "../../../src/workflows/customDomain/CustomDomainWorkflows.ts"
import { domainId, seedVerifiedDomain } from "../memory/certificateSeeds.ts"
import { type CaRequest, MemoryCa, type MemoryCaOptions, memoryCa } from "../memory/MemoryCa.ts"
import { MemoryDns, type MemoryDnsOptions, memoryDns } from "../memory/MemoryDns.ts"
import { type MemoryPkiOptions, memoryPki } from "../memory/MemoryPki.ts"
import { MemoryVault } from "../memory/MemoryVault.ts"
import type { Refuses } from "../memory/refusingStores.ts"
import { named } from "../named.ts"
import { apex, ControlPlane, Engine, type FixtureServices, on, type Services } from "./ControlPlane.ts"
import { rows } from "./queries.ts"
import { recordingAlso } from "./recordingAlso.ts"

/** Where virtual time begins. */
export const startOfTime = Date.UTC(2030, 0, 1)

/** Refuses requests of one kind for a while from the start. */
export const refusedUntil =
  (until: number, operation: CaRequest["operation"], problem: { readonly type: string; readonly status: number }) =>
  (request: CaRequest) =>
    request.operation === operation && request.at < until
      ? new AcmeProblem({ operation, ...problem, detail: "as scripted", subproblems: [], retryAfter: until })
      : undefined

/** What was counted, as `what label label`. */
export class Counted extends Context.Tag("test/Counted")<Counted, ReadonlyArray<string>>() {}
/** Heartbeats that were tried. */
export class SentHeartbeats extends Context.Tag("test/SentHeartbeats")<SentHeartbeats, ReadonlyArray<string>>() {}

/** What a story about certificates may look into. */
export type Doubles = MemoryCa | MemoryDns | Counted | SentHeartbeats

export interface CertificatesOptions {
  readonly ca?: MemoryCaOptions
  readonly dns?: MemoryDnsOptions
  readonly pki?: MemoryPkiOptions
  readonly settings?: Partial<CertificateSettings["Type"]>
  /** Whether the database refuses to store certificates, by Unix milliseconds. */
  readonly refusesCertificates?: (now: number) => boolean
  readonly heartbeat?: Effect.Effect<void, HeartbeatFailed>
  /** Statements that the database refuses for good. */
  readonly refuses?: Refuses
  /** Whether custom domains are verified as well. Default false. */
  readonly verifiesDomains?: boolean
}

/** Words for an event about certificates; none for other events. */
const wordsOf = (event: MetricEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    case "AcmeOrder":
      return ["order", event.outcome]
    case "IssuanceEnded":
      return ["issuance", event.kind, event.outcome]
    case "RenewalInfo":
      return ["renewal-info", event.answer]
    case "CertificateProblem":
      return ["problem", event.type]
    default:
      return []
  }
}

const counting = Layer.effectContext(
  Effect.gen(function* () {
    const counted: Array<string> = []
    const metrics = yield* recordingAlso((event) => {
      const words = wordsOf(event)
      if (words.length > 0) counted.push(words.join(" "))
    })
    return Context.make(Counted, counted).pipe(Context.add(Metrics, metrics))
  })
)

const heartbeats = (heartbeat: Effect.Effect<void, HeartbeatFailed> = Effect.void) =>
  Layer.effectContext(
    Effect.sync(() => {
      const sent: Array<string> = []
      const note = (job: string) => Effect.sync(() => void sent.push(job))
      const service = Heartbeat.of({ send: (job) => Effect.zipRight(note(job), heartbeat) })
      return Context.make(SentHeartbeats, sent).pipe(Context.add(Heartbeat, service))
    })
  )

/** The store while the table of certificates takes no writes, as behind a trigger that raises. */
const refusing = (refuses: (now: number) => boolean = () => false) =>
  Layer.effect(
    CertificateStore,
    Effect.gen(function* () {
      const { time } = yield* Engine
      const store = yield* CertificateStore
      return CertificateStore.of({
        ...store,
        save: (certificate, accepts) =>
          Effect.suspend(() =>
            refuses(time.now)
              ? new DbRefused({ operation: "CertificateStore.save", reason: "constraint" })
              : store.save(certificate, accepts)
          )
      })
    })
  )

/** Who may have records for challenges, unless a test says otherwise. */
export const challengeRules: ChallengeRules = { platformApexes: [apex], delegationDomain: "challenges.test" }

const settingsOf = (settings: Partial<CertificateSettings["Type"]> = {}) =>
  Layer.succeed(CertificateSettings, {
    isEnabled: true,
    hasDnsProvider: true,
    infrastructure: [],
    ...challengeRules,
    ...settings
  })

/** Where the challenge of a seeded domain is answered. */
export const recordNameOf = (domain: string): string =>
  Either.match(delegatedRecord(domainId(domain), challengeRules), {
    onLeft: ({ reason }) => reason,
    onRight: ({ name }) => name
  })

/** What the owner of a wildcard domain writes into their zone, so that its certificate can be proven. */
export const delegate = (domain: string) =>
  Effect.flatMap(MemoryDns, (dns) => dns.set("CNAME", challengeName(domain), [recordNameOf(domain)]))

/** Takes what the renewal asks of it, and looks at nothing. */
const proofs = implement(DomainProofService, {
  LookAtPage: () => Effect.succeed({}),
  LookAtDomain: () => Effect.succeed({})
})

/** The service of certificates with a CA, a DNS and a vault in memory. */
export const certificates = (options: CertificatesOptions = {}): Layer.Layer<Doubles, never, FixtureServices> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const engine = yield* Engine
      yield* engine.serve(proofs)
      yield* engine.serve(CertificateWorkflows)
      if (options.verifiesDomains === true) yield* engine.serve(CustomDomainWorkflows)
    })
  ).pipe(
    Layer.provideMerge(memoryCa(options.ca)),
    Layer.provideMerge(memoryDns(options.dns)),
    Layer.provideMerge(
      Layer.mergeAll(
        counting,
        heartbeats(options.heartbeat),
        memoryPki(options.pki),
        MemoryVault,
        refusing(options.refusesCertificates),
        Layer.succeed(PlatformZones, [named(apex)]),
        settingsOf(options.settings)
      )
    )
  )

/** Runs a test on a control plane that has certificates. */
export const onCertificates =
  (options: CertificatesOptions = {}) =>
  <A, E>(test: Effect.Effect<A, E, Services | Doubles>): Effect.Effect<A, E> =>
    on<Doubles>({
      more: certificates(options),
      ...(options.refuses === undefined ? {} : { refuses: options.refuses })
    })(test)

/** Asks for a certificate and moves time until there is an answer. */
export const processChallenge = (domain: string) =>
  Effect.flatMap(ControlPlane, ({ engine }) =>
    Effect.either(
      engine.call(CertificateService, domain, "ProcessChallenge", { domain: named(domain), workspaceId: "ws_shop" })
    )
  )

export const reissue = (domain: string) =>
  Effect.flatMap(ControlPlane, ({ engine }) =>
    Effect.either(engine.call(CertificateService, domain, "ReissueCertificate", { domain: named(domain) }))
  )

export const submitChallenge = (domain: string) =>
  Effect.map(ControlPlane, ({ engine }) =>
    engine.submit(CertificateService, domain, "ProcessChallenge", { domain: named(domain), workspaceId: "ws_shop" })
  )

export const renewAll = (daysBeforeExpiry = 0) =>
  Effect.flatMap(ControlPlane, ({ engine }) =>
    Effect.either(engine.call(CertificateService, "global", "RenewExpiringCertificates", { daysBeforeExpiry }))
  )

export const certificateRow = (domain: string) =>
  Effect.map(rows, ({ certificates: all }) => all.find(({ hostname }) => hostname === domain))

export const challengeRow = (domain: string) =>
  Effect.map(rows, ({ acme_challenges }) => acme_challenges.find(({ domain_id }) => domain_id === `dom_${domain}`))

/** What the CA did and what is left in DNS once nothing is scheduled any more. */
export const settled = Effect.gen(function* () {
  const { engine } = yield* ControlPlane
  yield* engine.drain
  const { accounts, finalized, orders } = yield* MemoryCa
  const { changes } = yield* MemoryDns
  const left = new Set<string>()
  for (const change of changes) {
    const [verb, ...record] = change.split(" ")
    if (verb === "add") left.add(record.join(" "))
    else left.delete(record.join(" "))
  }
  return { orders: { ...orders }, finalized: { ...finalized }, accounts: accounts.size, recordsLeft: [...left] }
})

/** A wildcard domain of a customer as its verification leaves it: the challenge is delegated. */
export const seedWildcard = (domain: string) => Effect.zipRight(seedVerifiedDomain(domain), delegate(domain))
