import { Clock, Effect, Either, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { type Implementation, implement, key, send, stateCell } from "effect-restate"
import { DomainProofService } from "../../contract/DomainProofService.ts"
import { ownershipName } from "../../names/DnsName.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { tenantDomainName } from "../../names/tenantDomain.ts"
import { PlatformZones } from "../../services/customDomain/PlatformZones.ts"
import { DnsResolver } from "../../services/dns/DnsResolver.ts"
import { DomainProofStore, NamePage } from "../../services/domainProof/DomainProofStore.ts"
import { recordMetric } from "../../services/Metrics.ts"
import { UpkeepSettings } from "../../services/UpkeepSettings.ts"
import { day, hour } from "../../text/millis.ts"
import { proofOf } from "../customDomain/ownership.ts"
import { databaseStep } from "../databaseStep.ts"
import { giveUpOnFailure } from "../giveUpOnFailure.ts"
import { numberFrom } from "../identifiers.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries, retryForSixHours } from "../retry.ts"
import { decideProof, MissingProof, Proof, type ProofDecision, warningOf, withdrawalOf } from "./decideProof.ts"

/** One page per invocation keeps journals short. */
const pageSize = 100
/** Milliseconds over which the checks of a page are spread, each domain at the same offset every day. */
const spread = hour

/** Name of the proof record, for texts. */
const proofRecord = (domain: string): string => `_unkey.${domain}`

const missingCell = stateCell("missing", MissingProof)

const ProofObservation = Schema.Struct({
  at: Schema.Number,
  /** Null when the domain was deleted or is no longer served. */
  served: Schema.NullOr(
    Schema.Struct({ domainId: Schema.String, verifiedAt: Schema.NullOr(Schema.Number), proof: Proof })
  )
})
type Served = NonNullable<(typeof ProofObservation.Type)["served"]>

/** A failure affects this domain only. */
const scheduleCheck = (name: string, delay: number) =>
  Effect.catchTag(send(DomainProofService, name, "LookAtDomain", {}, { delay }), "EncodingFailed", ({ message }) =>
    Effect.annotateLogs(
      Effect.logError("The ownership check of a custom domain cannot be scheduled", { problem: message }),
      "domain",
      name
    )
  )

/** Spreads the checks over an hour, each domain at the same offset. */
const scheduleSpreadCheck = (name: DomainName) =>
  scheduleCheck(name, numberFrom(["proof of a domain", name], 0, spread))

const checkPage = ({ after }: Input<typeof DomainProofService, "LookAtPage">) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const { names, next } = yield* databaseStep("load-page", store.page(Number(after), pageSize), {
      output: NamePage,
      retry: retryForSixHours
    })
    yield* Effect.forEach(names, scheduleSpreadCheck, { discard: true })
    if (next !== null) yield* send(DomainProofService, yield* key, "LookAtPage", { after: BigInt(next) })
    return {}
  }).pipe(
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.as(Effect.logError("The checks of custom domains cannot start", { problem: message }), {})
    ),
    giveUpOnFailure("domain_proofs")
  )

/** The result has no token and no records. A name that no tenant may have is not a custom domain. */
const observeProof = (domain: string, zones: ReadonlyArray<DomainName>) =>
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

/** Runs inside the step that writes the event. */
const count = (change: "missing" | "withdrawn" | "restored") => recordMetric({ _tag: "DomainProofChanged", change })

type DecisionOf<Tag extends ProofDecision["_tag"]> = Extract<ProofDecision, { readonly _tag: Tag }>

/** Writes the warning at every check, because an issuance may have overwritten it. */
const warn = ({ domainId }: Served, { isNew, since }: DecisionOf<"Warn">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const { daysWithoutProof } = yield* UpkeepSettings
    yield* missingCell.set({ domainId, since })
    const problem = warningOf(proofRecord(domain), since, daysWithoutProof)
    const write = store.warn({ domainId, problem, at })
    yield* databaseStep("warn-owner", isNew ? Effect.zipLeft(write, count("missing")) : write, {
      retry: retryForSixHours
    }).pipe(
      // The owner was not warned: the next check counts as the first.
      Effect.tapErrorTag("StepFailed", () => (isNew ? missingCell.clear : Effect.void))
    )
    if (!isNew) return
    // Scheduled for a domain that is deleted meanwhile as well, which no page lists, so that its state is cleared.
    yield* scheduleCheck(domain, daysWithoutProof * day + spread)
    yield* Effect.logWarning("The ownership proof of a custom domain is missing", { domainId })
  })

const removeRoute = ({ domainId }: Served, { since }: DecisionOf<"Withdraw">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const problem = withdrawalOf(proofRecord(domain), since)
    const write = Effect.tap(store.withdraw({ domainId, problem, since, at }), (isWithdrawn) =>
      isWithdrawn ? count("withdrawn") : Effect.void
    )
    const isWithdrawn = yield* databaseStep("take-route-off", write, {
      output: Schema.Boolean,
      retry: retryForSixHours
    })
    yield* missingCell.clear
    if (!isWithdrawn) return
    yield* Effect.logWarning("A custom domain without ownership proof is no longer served", { domainId, since })
  })

const restore = ({ domainId }: Served, { since }: DecisionOf<"Restore">, at: number) =>
  Effect.gen(function* () {
    const store = yield* DomainProofStore
    const domain = yield* key
    const { daysWithoutProof } = yield* UpkeepSettings
    const problem = warningOf(proofRecord(domain), since, daysWithoutProof)
    const write = Effect.zipLeft(store.clearWarning({ domainId, problem, at }), count("restored"))
    yield* databaseStep("take-back-warning", write, { retry: retryForSixHours })
    yield* missingCell.clear
    yield* Effect.logInfo("The ownership proof of a custom domain is restored", { domainId })
  })

const applyDecision = (served: Served, decision: ProofDecision, at: number) => {
  switch (decision._tag) {
    case "Nothing":
      return Effect.void
    case "Warn":
      return warn(served, decision, at)
    case "Withdraw":
      return removeRoute(served, decision, at)
    case "Restore":
      return restore(served, decision, at)
  }
}

const checkDomain = () =>
  Effect.gen(function* () {
    const { at, served } = yield* databaseStep("look-at-proof", observeProof(yield* key, yield* PlatformZones), {
      output: ProofObservation,
      retry: retryForSixHours
    })
    if (served === null) return yield* Effect.as(missingCell.clear, {})
    const known = Option.getOrNull(yield* missingCell.get)
    const { daysWithoutProof } = yield* UpkeepSettings
    yield* applyDecision(served, decideProof({ ...served, known, at, daysWithoutProof }), at)
    return {}
  }).pipe(
    // The next day's check retries; the domain's key is released.
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.as(Effect.logError("The ownership check of a custom domain cannot be stored", { problem: message }), {})
    ),
    giveUpOnFailure("domain_proofs")
  )

/** Key: domain in its canonical spelling, or `all` for the pages. One message a day per domain. */
export const DomainProofWorkflows: Implementation<DnsResolver | UpkeepSettings | DomainProofStore | PlatformZones> =
  implement(
    DomainProofService,
    { LookAtPage: checkPage, LookAtDomain: checkDomain },
    {
      retry: pauseAfterRetries,
      attributes: (request) => requestAttributes(request.handler === "LookAtDomain" ? "domain" : undefined)(request),
      endsWhenExhausted: ["LookAtPage", "LookAtDomain"],
      idempotencyRetention: 0,
      journalRetention: 0
    }
  )
