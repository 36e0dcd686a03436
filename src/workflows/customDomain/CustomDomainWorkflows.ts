import { Cause, Clock, Duration, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { annotate, type Implementation, implement, key, onRollback, saga, send, stateCell, uuid } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { CustomDomainService } from "../../contract/CustomDomainService.ts"
import type { DomainName } from "../../names/DomainName.ts"
import type { CertificateSettings } from "../../services/certificate/CertificateSettings.ts"
import { DomainStore } from "../../services/customDomain/DomainStore.ts"
import type { PlatformZones } from "../../services/customDomain/PlatformZones.ts"
import type { DnsResolver } from "../../services/dns/DnsResolver.ts"
import { recordMetric } from "../../services/Metrics.ts"
import { logEvent } from "../businessEvents.ts"
import { databaseStep } from "../databaseStep.ts"
import { resourceId } from "../identifiers.ts"
import { requestAttributes } from "../requestAttributes.ts"
import { pauseAfterRetries } from "../retry.ts"
import { domainOfKey, forwardToCanonicalKey, type StartHandler } from "./canonicalKey.ts"
import {
  confirmAfter,
  missingRowAttempts,
  missingRowDelay,
  nextCheckDelay,
  verificationLimit
} from "./checkSchedule.ts"
import { verificationError } from "./finding.ts"
import { type Checked, DomainObservation, observeDomain } from "./observeDomain.ts"
import { Activation, planActivation } from "./planActivation.ts"

type CheckInput = Input<typeof CustomDomainService, "CheckDomain">

/** The current run: only a check with its nonce acts, so a replaced run ends with its next check. */
export const Run = Schema.Struct({
  nonce: Schema.String,
  /** Unix milliseconds. */
  startedAt: Schema.Number,
  /** The row that the run verifies. Null until it was read; a row with another id is another domain. */
  domainId: Schema.NullOr(Schema.String),
  failedChecks: Schema.Number,
  /** The domain is verified and will be checked once more. */
  isConfirming: Schema.Boolean
})
type Run = typeof Run.Type

const run = stateCell("run", Run)

/** How long CertificateService picks up a waiting challenge. */
const challengeLifetime = Duration.days(30)

const scheduleCheck = (next: Run, delay: Duration.DurationInput) =>
  Effect.gen(function* () {
    yield* run.set(next)
    yield* send(CustomDomainService, yield* key, "CheckDomain", { nonce: next.nonce }, { delay })
  })

/** Runs inside the step that writes the outcome. */
const count = (outcome: "verified" | "failed" | "cancelled") =>
  recordMetric({ _tag: "DomainVerificationEnded", outcome })

/** Why a run ended early, for the row. */
const endReason = (
  cause: Cause.Cause<unknown>
): { readonly problem: string; readonly outcome: "cancelled" | "failed" } =>
  Cause.isInterruptedOnly(cause)
    ? { problem: "the verification was cancelled; start it again", outcome: "cancelled" }
    : { problem: "the verification could not continue; start it again", outcome: "failed" }

const markEnded = (domain: DomainName, domainId: string | null, at: number, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const { outcome, problem } = endReason(cause)
    const domains = yield* DomainStore
    const row = yield* domains.find(domain)
    if (row?.status !== "verifying" || (domainId !== null && row.id !== domainId)) return
    yield* domains.endVerification({ domainId: row.id, at, problem })
    yield* count(outcome)
  })

/**
 * Compensation of a cancellation or a failure: clears the run and ends the row's `verifying` status. If the database
 * refuses the change, the row stays as it is and the domain's key is released.
 */
const giveUp = (domain: DomainName, domainId: string | null, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    yield* run.clear
    const at = yield* Clock.currentTimeMillis
    yield* databaseStep("mark-cancelled", markEnded(domain, domainId, at, cause))
  }).pipe(
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.logError("The end of a domain's verification cannot be stored", { problem: message })
    )
  )

/** Starts a run and replaces the current one. */
const startRun = (domain: DomainName, reset: boolean) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const nonce = yield* uuid
    const startedAt = yield* Clock.currentTimeMillis
    yield* onRollback((cause) => giveUp(domain, null, cause))
    const domainId = yield* databaseStep(
      "begin-verification",
      domains.beginVerification({ domain, reset, at: startedAt }),
      {
        output: Schema.NullOr(Schema.String)
      }
    )
    yield* scheduleCheck({ nonce, startedAt, domainId, failedChecks: 0, isConfirming: false }, 0)
    return {}
  }).pipe(saga)

const verify = (handler: StartHandler) =>
  Effect.gen(function* () {
    const domain = yield* domainOfKey
    const stored = yield* key
    return yield* stored === domain
      ? startRun(domain, handler === "RetryVerification")
      : forwardToCanonicalKey(domain, stored, handler)
  })

/**
 * Checks again for a short time, because a caller may send before its row is committed; a deleted domain ends the run.
 */
const awaitRow = (current: Run) =>
  current.domainId === null && current.failedChecks < missingRowAttempts
    ? scheduleCheck({ ...current, failedChecks: current.failedChecks + 1 }, missingRowDelay)
    : run.clear

/** Records a failed check and schedules the next one until the run's day is over. */
const postpone = (current: Run, observed: Checked, findings: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const { at, domainId } = observed
    const remaining = current.startedAt + Duration.toMillis(verificationLimit) - at
    const isOver = remaining <= 0
    const problem = verificationError(isOver ? ["not verified within 24 hours", ...findings] : findings)
    const attempt = {
      domainId,
      at,
      status: isOver ? "failed" : "verifying",
      ownershipVerified: observed.ownership === null,
      cnameVerified: observed.target === null,
      problem
    } as const
    const record = isOver
      ? Effect.zipLeft(domains.recordAttempt(attempt), count("failed"))
      : domains.recordAttempt(attempt)
    yield* databaseStep("record-attempt", record)
    if (isOver) {
      yield* logEvent("domain.failed", { reason: problem })
      return yield* run.clear
    }
    const failedChecks = current.failedChecks + 1
    yield* scheduleCheck(
      { ...current, domainId, failedChecks, isConfirming: false },
      nextCheckDelay(failedChecks, remaining)
    )
  })

/** Best effort: the domain stays verified, and the daily renewal requests a missing certificate as well. */
const requestCertificate = (domain: DomainName, workspaceId: string) =>
  send(CertificateService, domain, "ProcessChallenge", { workspaceId, domain }).pipe(
    Effect.catchTag("EncodingFailed", ({ message }) =>
      Effect.logError("The certificate of a verified domain cannot be requested", { problem: message })
    )
  )

/** Ends the run with a reason that no change in DNS can correct. */
const markRefused = ({ at, domainId, problem }: Extract<DomainObservation, { readonly _tag: "Refused" }>) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const attempt = {
      domainId,
      at,
      ownershipVerified: false,
      cnameVerified: false,
      problem: verificationError([problem])
    }
    const record = domains.recordAttempt({ ...attempt, status: "failed" })
    yield* databaseStep("record-attempt", Effect.zipLeft(record, count("failed")))
    yield* logEvent("domain.failed", { reason: attempt.problem })
    yield* run.clear
  })

/** Writes route and challenge in one transaction, then requests the certificate that needs both. */
const activate = (
  domain: DomainName,
  current: Run,
  observed: Exclude<DomainObservation, { readonly _tag: "Missing" | "Refused" }>
) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const { at, domainId } = observed
    const request = {
      domainId,
      routeId: resourceId("flr", domainId),
      at,
      challengeExpiresAt: at + Duration.toMillis(challengeLifetime)
    }
    const write = Effect.tap(domains.activate(request, planActivation), (activation) =>
      // A domain that was verified before is not counted again.
      observed._tag === "Checked" && activation?._tag === "Activated" ? count("verified") : Effect.void
    )
    const activation = yield* databaseStep("activate-domain", write, { output: Schema.NullOr(Activation) })
    if (activation === null) return yield* run.clear
    if (activation._tag === "Refused") {
      // A verified domain stays verified.
      return yield* observed._tag === "Verified" ? run.clear : postpone(current, observed, [activation.problem])
    }
    const { isWithoutCertificate, workspaceId } = activation
    yield* annotate({ workspace_id: workspaceId })
    if (observed._tag === "Checked") yield* logEvent("domain.verified", {})
    if (isWithoutCertificate) yield* requestCertificate(domain, workspaceId)
    yield* scheduleCheck({ ...current, domainId, isConfirming: true }, confirmAfter)
  })

const applyObservation = (domain: DomainName, current: Run, observed: DomainObservation) => {
  if (observed._tag === "Missing") return awaitRow(current)
  if (current.domainId !== null && current.domainId !== observed.domainId) return run.clear
  if (observed._tag === "Verified") return current.isConfirming ? run.clear : activate(domain, current, observed)
  if (observed._tag === "Refused") return markRefused(observed)
  // The delegation comes first, because it is shown nowhere else and the text is truncated at its end.
  const findings = [observed.delegation ?? null, observed.ownership, observed.target].filter(
    (finding) => finding !== null
  )
  return findings.length === 0 ? activate(domain, current, observed) : postpone(current, observed, findings)
}

/**
 * Journals one observation and acts on it alone, so that another answer of DNS during a retry changes nothing [W21].
 */
const checkNow = (domain: DomainName, current: Run) =>
  Effect.gen(function* () {
    yield* onRollback((cause) => giveUp(domain, current.domainId, cause))
    const seen = yield* databaseStep("look-at-domain", observeDomain(domain), { output: DomainObservation })
    yield* applyObservation(domain, current, seen)
  }).pipe(saga)

/** Earlier versions started runs under any spelling: continues the run under the canonical key. */
const moveRun = (domain: DomainName) =>
  Effect.zipRight(run.clear, send(CustomDomainService, domain, "VerifyDomain", {}))

const check = ({ nonce }: CheckInput) =>
  Effect.gen(function* () {
    const current = yield* run.get
    if (Option.isNone(current) || current.value.nonce !== nonce) return {}
    const domain = yield* domainOfKey
    yield* domain === (yield* key) ? checkNow(domain, current.value) : moveRun(domain)
    return {}
  }).pipe(Effect.catchTag("InvalidRequest", () => Effect.as(run.clear, {})))

/**
 * Key: domain, in its canonical spelling. Holds it for one check of DNS and one transaction; waits are delayed
 * messages.
 */
export const CustomDomainWorkflows: Implementation<CertificateSettings | DomainStore | DnsResolver | PlatformZones> =
  implement(
    CustomDomainService,
    {
      VerifyDomain: () => verify("VerifyDomain"),
      RetryVerification: () => verify("RetryVerification"),
      CheckDomain: check
    },
    {
      retry: pauseAfterRetries,
      attributes: requestAttributes("domain"),
      // Callers store the id of VerifyDomain and cancel it later, when it has completed. Restate answers 404 for an
      // invocation that is not retained, which they treat as success, and 409 for a retained one, which they do not. It
      // retains every invocation from the ingress as long as it would retain an idempotency key.
      idempotencyRetention: 0,
      journalRetention: 0
    }
  )
