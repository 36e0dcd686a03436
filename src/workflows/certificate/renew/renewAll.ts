import { Clock, Effect, Schema } from "effect"
import type { Input } from "effect-restate"
import { call, key, send } from "effect-restate"
import { CertificateService } from "../../../contract/CertificateService.ts"
import { DomainProofService } from "../../../contract/DomainProofService.ts"
import { InvalidRequest } from "../../../contract/errors.ts"
import { CertificateSettings } from "../../../services/certificate/CertificateSettings.ts"
import {
  CertificateStore,
  ConflictingDomain,
  DomainPage,
  type InvalidDomain,
  type ListedDomain
} from "../../../services/certificate/CertificateStore.ts"
import { PlatformZones } from "../../../services/customDomain/PlatformZones.ts"
import { hour, minute } from "../../../text/millis.ts"
import { logEvent } from "../../businessEvents.ts"
import { databaseStep } from "../../databaseStep.ts"
import { giveUpOnFailure } from "../../giveUpOnFailure.ts"
import { sendHeartbeat } from "../../heartbeat.ts"
import { dnsLabel, resourceId } from "../../identifiers.ts"
import { retryForSixHours } from "../../retry.ts"
import { partitionDomains } from "../decide/partitionDomains.ts"

type RenewInput = Input<typeof CertificateService, "RenewExpiringCertificates">
type PageInput = Input<typeof CertificateService, "RenewPage">

/** One page per invocation keeps journals short. */
const pageSize = 100
const checkConcurrency = 8
/** Maximum number of failed domains in the answer: an answer may have 256 KiB, and a name at most 253 octets. */
const maxNamed = 500
const maxLogged = 10
const maxDays = 3650
/** A failed domain is skipped until its shortest back-off has ended. */
const minBackOff = hour
/** The CA answers within minutes; a challenge that is pending for longer was abandoned, or waits for its own timer. */
const pendingLease = 15 * minute

/** Whether a row may need work. The domain's object decides the rest. */
const isCandidate = ({ changedAt, status }: ListedDomain, now: number): boolean => {
  const age = now - (changedAt ?? 0)
  if (status === "failed") return age >= minBackOff
  return status !== "pending" || age >= pendingLease
}

const loadPage = (after: number) =>
  databaseStep(
    "load-page",
    Effect.gen(function* () {
      const store = yield* CertificateStore
      return { at: yield* Clock.currentTimeMillis, page: yield* store.page(after, pageSize) }
    }),
    { output: Schema.Struct({ at: Schema.Number, page: DomainPage }), retry: retryForSixHours }
  )

/** Writes to each row why no certificate is issued for it. Logs ids only, because the domain text is untrusted. */
const refuse = (unfit: ReadonlyArray<InvalidDomain>, at: number) =>
  Effect.gen(function* () {
    if (unfit.length === 0) return
    const store = yield* CertificateStore
    yield* databaseStep("refuse-domains", store.refuse(unfit, at), { retry: retryForSixHours })
    yield* Effect.logWarning("Refused domains that cannot have a certificate; the reason is in their rows", {
      count: unfit.length,
      domainIds: unfit.slice(0, maxLogged).map(({ id }) => id)
    })
  })

/** A failed check is reported in the answer and does not stop the others. */
const check = ({ name }: ListedDomain, daysBeforeExpiry: number) =>
  call(CertificateService, name, "CheckRenewal", { domain: name, daysBeforeExpiry }).pipe(
    Effect.map(({ failed, triggered }) => ({ name, failed, triggered })),
    Effect.catchAll(({ message }) =>
      Effect.as(
        Effect.annotateLogs(
          Effect.logError("The renewal check of a domain failed", { problem: message }),
          "domain",
          name
        ),
        { name, failed: true, triggered: false }
      )
    )
  )

export const handlePage = ({ after, daysBeforeExpiry }: PageInput) =>
  Effect.gen(function* () {
    const { at, page } = yield* loadPage(Number(after))
    const { fit, unfit } = partitionDomains(page.rows, yield* PlatformZones)
    yield* refuse(unfit, at)
    const candidates = fit.filter((domain) => isCandidate(domain, at))
    const checked = yield* Effect.forEach(candidates, (domain) => check(domain, daysBeforeExpiry), {
      concurrency: checkConcurrency
    })
    return {
      checked: checked.length,
      triggered: checked.filter(({ triggered }) => triggered).length,
      failedDomains: checked.filter(({ failed }) => failed).map(({ name }) => name),
      ...(page.next === null ? {} : { next: BigInt(page.next) })
    }
  }).pipe(giveUpOnFailure("cert_renewal"))

/** Logs tenants' rows that have one of the platform's own names. They do not keep the platform from its certificate. */
const reportTaken = (taken: ReadonlyArray<ConflictingDomain>) =>
  Effect.forEach(
    taken,
    ({ id, name, workspaceId }) =>
      Effect.annotateLogs(Effect.logError("A tenant's row has a name of the platform itself", { domainId: id }), {
        domain: name,
        workspace_id: workspaceId
      }),
    { discard: true }
  )

/** Creates missing rows for the platform's own wildcards, if they can be issued. */
const ensureInfrastructure = Effect.gen(function* () {
  const store = yield* CertificateStore
  const { hasDnsProvider, infrastructure, isEnabled } = yield* CertificateSettings
  if (!isEnabled || !hasDnsProvider || infrastructure.length === 0) return
  const at = yield* Clock.currentTimeMillis
  const domains = infrastructure.map((name) => ({
    id: resourceId("dom", "infrastructure", name),
    name,
    targetCname: dnsLabel(["infrastructure", name])
  }))
  const ensured = Effect.zipRight(store.ensureInfrastructure(domains, at), store.findConflicts(infrastructure))
  yield* reportTaken(
    yield* databaseStep("ensure-infrastructure", ensured, {
      output: Schema.Array(ConflictingDomain),
      retry: retryForSixHours
    })
  )
})

/** Starts the daily ownership checks. One-way, so they do not delay the renewals. */
const requestProofChecks = Effect.catchTag(
  send(DomainProofService, "all", "LookAtPage", { after: 0n }),
  "EncodingFailed",
  ({ message }) => Effect.logError("The checks of custom domains cannot start", { problem: message })
)

/** Checks every domain, page by page, and answers with the counts. Does not wait for certificates. */
export const handleRenewAll = ({ daysBeforeExpiry }: RenewInput) =>
  Effect.gen(function* () {
    if (daysBeforeExpiry < 0 || daysBeforeExpiry > maxDays)
      return yield* new InvalidRequest({ field: "daysBeforeExpiry", problem: `must be from 0 to ${maxDays}` })
    yield* requestProofChecks
    yield* ensureInfrastructure
    const own = yield* key
    const total = { certificatesChecked: 0, renewalsTriggered: 0, failedDomains: [] as string[] }
    let after: bigint | undefined = 0n
    while (after !== undefined) {
      const page: { checked: number; triggered: number; failedDomains: ReadonlyArray<string>; next?: bigint } =
        yield* call(CertificateService, own, "RenewPage", { after, daysBeforeExpiry })
      total.certificatesChecked += page.checked
      total.renewalsTriggered += page.triggered
      total.failedDomains.push(...page.failedDomains.slice(0, maxNamed - total.failedDomains.length))
      after = page.next
    }
    if (total.failedDomains.length > 0)
      yield* Effect.logWarning("Certificates cannot be obtained for some domains", {
        count: total.failedDomains.length
      })
    yield* logEvent("renewal.completed", {
      checked: total.certificatesChecked,
      triggered: total.renewalsTriggered,
      failed: total.failedDomains.length
    })
    yield* sendHeartbeat("cert_renewal")
    return total
  }).pipe(giveUpOnFailure("cert_renewal"))
