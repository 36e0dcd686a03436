import { Clock, Effect, Either, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { type Implementation, implement, key, send, stateCell } from "effect-restate"
import { DomainProofService } from "../../contract/DomainProofService.ts"
import { ownershipName } from "../../names/DnsName.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { tenantDomainName } from "../../names/tenantDomain.ts"
import { BusinessMetrics, type BusinessMetricsService } from "../../services/BusinessMetrics.ts"
import { DnsResolver } from "../../services/DnsResolver.ts"
import { DomainProofSettings } from "../../services/DomainProofSettings.ts"
import { DomainProofStore, NamePage } from "../../services/DomainProofStore.ts"
import { PlatformZones } from "../../services/PlatformZones.ts"
import { proofOf } from "../customDomain/ownership.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { numberFrom } from "../identifiers.ts"
import { pauseAfterRetries, retryForSixHours } from "../retry.ts"
import { decideProof, MissingProof, Proof, type ProofDecision, warningOf, withdrawalOf } from "./decideProof.ts"

/** One page is one short invocation with a journal of its own. */
const pageSize = 100
/** Over which the looks of a page are spread, each domain at the same instant every day. Milliseconds. */
const spread = 3_600_000
const day = 86_400_000

/** For people. */
const recordOfProof = (domain: string): string => `_unkey.${domain}`

const missing = stateCell("missing", MissingProof)

const Look = Schema.Struct({
  at: Schema.Number,
  /** Null when the domain is gone, or not served any more. */
  served: Schema.NullOr(
    Schema.Struct({ domainId: Schema.String, verifiedAt: Schema.NullOr(Schema.Number), proof: Proof })
  )
})
type Served = NonNullable<(typeof Look.Type)["served"]>

/** A domain that cannot be asked to look at itself costs itself alone. */
const sendLook = (name: string, delay: number) =>
  Effect.catchTag(send(DomainProofService, name, "LookAtDomain", {}, { delay }), "EncodingFailed", ({ message }) =>
    Effect.logError("The proof of a custom domain is not looked at", { domain: name, problem: message })
  )

/** The looks of a page are spread over an hour, each domain at the same instant of it. */
const spreadLook = (name: DomainName) => sendLook(name, numberFrom(["proof of a domain", name], 0, spread))

const lookAtPage = ({ after }: Input<typeof DomainProofService, "LookAtPage">) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const { names, next } = yield* databaseStep("load-page", store.page(Number(after), pageSize), {
      output: NamePage,
      retry: retryForSixHours
    })
    yield* Effect.forEach(names, spreadLook, { discard: true })
    if (next !== null) yield* send(DomainProofService, yield* key, "LookAtPage", { after: BigInt(next) })
    return {}
  }).pipe(
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.as(Effect.logError(`custom domains are not looked at again: ${message}`), {})
    ),
    giveUpOnFailure("domain_proofs")
  )

/** Holds no token and no records. A route with a name that no tenant may have is none of a custom domain's. */
const lookAtDns = (domain: string, zones: ReadonlyArray<DomainName>) =>
  Effect.gen(function* () {
    const dns = yield* DnsResolver
    const store = yield* DomainProofStore
    const name = Either.getOrNull(tenantDomainName(domain, zones))
    const row = name === null ? null : yield* store.find(name)
    if (name === null || row === null) return { at: yield* Clock.currentTimeMillis, served: null }
    const record = ownershipName(name)
    const answers = yield* Effect.all(
      { resolvers: dns.txt(record), authoritative: dns.authoritativeTxt(record) },
      { concurrency: "unbounded" }
    )
    const proof = proofOf(row.verificationToken, answers)
    return { at: yield* Clock.currentTimeMillis, served: { domainId: row.id, verifiedAt: row.verifiedAt, proof } }
  })

/** Within the step that writes what happened. */
const count = (event: Parameters<BusinessMetricsService["domainProof"]>[0]) =>
  Effect.flatMap(BusinessMetrics, (outcomes) => outcomes.domainProof(event))

type Act<Tag extends ProofDecision["_tag"]> = Extract<ProofDecision, { readonly _tag: Tag }>

/** The row says so each time, because an issuance may have written another text meanwhile. */
const warn = ({ domainId }: Served, { isNew, since }: Act<"Warn">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const { daysWithoutProof } = yield* DomainProofSettings
    yield* missing.set({ domainId, since })
    const problem = warningOf(recordOfProof(domain), since, daysWithoutProof)
    const write = store.warn({ domainId, problem, at })
    yield* databaseStep("warn-owner", isNew ? Effect.zipLeft(write, count("missing")) : write, {
      retry: retryForSixHours
    }).pipe(
      // The owner has not been told: the next look sees it for the first time.
      Effect.tapErrorTag("StepFailed", () => (isNew ? missing.clear : Effect.void))
    )
    if (!isNew) return
    // Also of a domain that is deleted meanwhile, which no page lists: nothing is remembered of it then.
    yield* sendLook(domain, daysWithoutProof * day + spread)
    yield* Effect.logWarning("The proof of a custom domain is missing", { domain, domainId })
  })

const withdraw = ({ domainId }: Served, { since }: Act<"Withdraw">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const problem = withdrawalOf(recordOfProof(domain), since)
    const write = Effect.tap(store.withdraw({ domainId, problem, since, at }), (isWithdrawn) =>
      isWithdrawn ? count("withdrawn") : Effect.void
    )
    const isWithdrawn = yield* databaseStep("take-route-off", write, {
      output: Schema.Boolean,
      retry: retryForSixHours
    })
    yield* missing.clear
    if (!isWithdrawn) return
    yield* Effect.logWarning("A custom domain without proof is no longer served", { domain, domainId, since })
  })

const restore = ({ domainId }: Served, { since }: Act<"Restore">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const { daysWithoutProof } = yield* DomainProofSettings
    const problem = warningOf(recordOfProof(domain), since, daysWithoutProof)
    const write = Effect.zipLeft(store.clearWarning({ domainId, problem, at }), count("restored"))
    yield* databaseStep("take-back-warning", write, { retry: retryForSixHours })
    yield* missing.clear
    yield* Effect.logInfo("The proof of a custom domain is there again", { domain, domainId })
  })

const act = (served: Served, decision: ProofDecision, at: number) => {
  switch (decision._tag) {
    case "Nothing":
      return Effect.void
    case "Warn":
      return warn(served, decision, at)
    case "Withdraw":
      return withdraw(served, decision, at)
    case "Restore":
      return restore(served, decision, at)
  }
}

const lookAtDomain = () =>
  Effect.gen(function* () {
    const { at, served } = yield* databaseStep("look-at-proof", lookAtDns(yield* key, yield* PlatformZones), {
      output: Look,
      retry: retryForSixHours
    })
    if (served === null) return yield* Effect.as(missing.clear, {})
    const known = Option.getOrNull(yield* missing.get)
    const { daysWithoutProof } = yield* DomainProofSettings
    yield* act(served, decideProof({ ...served, known, at, daysWithoutProof }), at)
    return {}
  }).pipe(
    // The next day's look tries again; the domain's key is free for it.
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.as(Effect.logError(`the proof of a custom domain is not recorded: ${message}`), {})
    ),
    giveUpOnFailure("domain_proofs")
  )

/** Key: domain in its canonical spelling, or `all` for the pages. One domain costs one message a day, and holds up no other. */
export const DomainProofWorkflows: Implementation<
  DnsResolver | DomainProofSettings | DomainProofStore | PlatformZones
> = implement(
  DomainProofService,
  { LookAtPage: lookAtPage, LookAtDomain: lookAtDomain },
  {
    retry: pauseAfterRetries,
    endsWhenExhausted: ["LookAtPage", "LookAtDomain"],
    idempotencyRetention: 0,
    journalRetention: 0
  }
)
