import { Cause, Clock, Duration, Effect, Option, Schema } from "effect"
import type { Input } from "effect-restate"
import { type Implementation, implement, key, saga, send, stateCell, uuid, withUndo } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { CustomDomainService } from "../../contract/CustomDomainService.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { BusinessMetrics, type BusinessMetricsService } from "../../services/BusinessMetrics.ts"
import type { CertificateSettings } from "../../services/CertificateSettings.ts"
import type { DnsResolver } from "../../services/DnsResolver.ts"
import { DomainStore } from "../../services/DomainStore.ts"
import type { PlatformZones } from "../../services/PlatformZones.ts"
import { databaseStep } from "../databaseStep.ts"
import { resourceId } from "../identifiers.ts"
import { pauseAfterRetries } from "../retry.ts"
import { confirmAfter, looksForMissingRow, pauseAfter, pauseForMissingRow, verificationLimit } from "./cadence.ts"
import { domainOfKey, handOver, type StartHandler } from "./domainOfKey.ts"
import { problemOf } from "./finding.ts"
import { type Checked, Look, lookAtDomain } from "./lookAtDomain.ts"
import { Activation, planActivation } from "./planActivation.ts"

type CheckInput = Input<typeof CustomDomainService, "CheckDomain">

/** The run that counts: only a check with its nonce may act, so a run that was replaced ends with its next check. */
export const Run = Schema.Struct({
  nonce: Schema.String,
  /** Unix milliseconds. */
  startedAt: Schema.Number,
  /** The row it verifies. Null until it has been seen; a row with another id is another domain. */
  domainId: Schema.NullOr(Schema.String),
  failedChecks: Schema.Number,
  /** The domain is verified, and is looked at once more. */
  isConfirming: Schema.Boolean
})
type Run = typeof Run.Type

const run = stateCell("run", Run)

/** As long as CertificateService takes up a challenge that waits. */
const challengeLifetime = Duration.days(30)

const checkAgain = (next: Run, delay: Duration.DurationInput) =>
  Effect.gen(function* () {
    yield* run.set(next)
    yield* send(CustomDomainService, yield* key, "CheckDomain", { nonce: next.nonce }, { delay })
  })

/** Within the step that writes the outcome. */
const count = (outcome: Parameters<BusinessMetricsService["domainVerification"]>[0]) =>
  Effect.flatMap(BusinessMetrics, (outcomes) => outcomes.domainVerification(outcome))

/** Why a run ends before its time, for the row. */
const endOf = (cause: Cause.Cause<unknown>): { readonly problem: string; readonly outcome: "cancelled" | "failed" } =>
  Cause.isInterruptedOnly(cause)
    ? { problem: "the verification was cancelled; start it again", outcome: "cancelled" }
    : { problem: "the verification could not go on; start it again", outcome: "failed" }

const markEnded = (domain: DomainName, domainId: string | null, at: number, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const { outcome, problem } = endOf(cause)
    const domains = yield* DomainStore
    const row = yield* domains.find(domain)
    if (row?.status !== "verifying" || (domainId !== null && row.id !== domainId)) return
    yield* domains.endVerification({ domainId: row.id, at, problem })
    yield* count(outcome)
  })

/**
 * What a cancellation, by an operator or by a caller who will start anew, and a failure leave: no run, and no row that waits
 * for one. A row that the database refuses to change stays as it is, and lets go of the domain's key.
 */
const giveUp = (domain: DomainName, domainId: string | null, cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    yield* run.clear
    const at = yield* Clock.currentTimeMillis
    yield* databaseStep("mark-cancelled", markEnded(domain, domainId, at, cause))
  }).pipe(
    Effect.catchTag("DatabaseRefused", ({ message }) =>
      Effect.logError(`the end of a domain's verification is not recorded: ${message}`)
    )
  )

/** Replaces whatever run there was. */
const start = (domain: DomainName, reset: boolean) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const nonce = yield* uuid
    const startedAt = yield* Clock.currentTimeMillis
    yield* withUndo(Effect.void, (_, cause) => giveUp(domain, null, cause))
    const domainId = yield* databaseStep(
      "begin-verification",
      domains.beginVerification({ domain, reset, at: startedAt }),
      {
        output: Schema.NullOr(Schema.String)
      }
    )
    yield* checkAgain({ nonce, startedAt, domainId, failedChecks: 0, isConfirming: false }, 0)
    return {}
  }).pipe(saga)

const verify = (handler: StartHandler) =>
  Effect.gen(function* () {
    const domain = yield* domainOfKey
    const stored = yield* key
    return yield* stored === domain ? start(domain, handler === "RetryVerification") : handOver(domain, stored, handler)
  })

/** Somebody who sends before their row is committed is given a moment; a domain that was deleted ends here. */
const awaitRow = (current: Run) =>
  current.domainId === null && current.failedChecks < looksForMissingRow
    ? checkAgain({ ...current, failedChecks: current.failedChecks + 1 }, pauseForMissingRow)
    : run.clear

/** One failed check: said in the row, and repeated until the run's day is over. */
const postpone = (current: Run, look: Checked, findings: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const { at, domainId } = look
    const remaining = current.startedAt + Duration.toMillis(verificationLimit) - at
    const isOver = remaining <= 0
    const problem = problemOf(isOver ? ["not verified within 24 hours", ...findings] : findings)
    const attempt = {
      domainId,
      at,
      status: isOver ? "failed" : "verifying",
      ownershipVerified: look.ownership === null,
      cnameVerified: look.target === null,
      problem
    } as const
    const record = isOver
      ? Effect.zipLeft(domains.recordAttempt(attempt), count("failed"))
      : domains.recordAttempt(attempt)
    yield* databaseStep("record-attempt", record)
    if (isOver) {
      yield* Effect.logWarning(`domain ${yield* key} has failed: ${problem}`)
      return yield* run.clear
    }
    const failedChecks = current.failedChecks + 1
    yield* checkAgain({ ...current, domainId, failedChecks, isConfirming: false }, pauseAfter(failedChecks, remaining))
  })

/** The domain stays verified whatever comes of it; the renewal of all certificates looks at it as well. */
const askForCertificate = (domain: DomainName, workspaceId: string) =>
  send(CertificateService, domain, "ProcessChallenge", { workspaceId, domain }).pipe(
    Effect.catchTag("EncodingFailed", ({ message }) =>
      Effect.logError("A verified domain cannot be asked a certificate for", { domain, problem: message })
    )
  )

/** What no change in DNS can mend ends the run at once, with the reason. */
const refuse = ({ at, domainId, problem }: Extract<Look, { readonly _tag: "Refused" }>) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const attempt = { domainId, at, ownershipVerified: false, cnameVerified: false, problem: problemOf([problem]) }
    const record = domains.recordAttempt({ ...attempt, status: "failed" })
    yield* databaseStep("record-attempt", Effect.zipLeft(record, count("failed")))
    yield* Effect.logWarning(`domain ${yield* key} is refused: ${problem}`)
    yield* run.clear
  })

/** Route and challenge first, together; only then the certificate that needs both. */
const activate = (domain: DomainName, current: Run, look: Exclude<Look, { readonly _tag: "Missing" | "Refused" }>) =>
  Effect.gen(function* () {
    const domains = yield* DomainStore
    const { at, domainId } = look
    const request = {
      domainId,
      routeId: resourceId("flr", domainId),
      at,
      challengeExpiresAt: at + Duration.toMillis(challengeLifetime)
    }
    const write = Effect.tap(domains.activate(request, planActivation), (activation) =>
      // What was verified before is only looked after.
      look._tag === "Checked" && activation?._tag === "Activated" ? count("verified") : Effect.void
    )
    const activation = yield* databaseStep("activate-domain", write, { output: Schema.NullOr(Activation) })
    if (activation === null) return yield* run.clear
    if (activation._tag === "Refused") {
      // What is verified stays so: there is nothing to wait for.
      return yield* look._tag === "Verified" ? run.clear : postpone(current, look, [activation.problem])
    }
    const { isWithoutCertificate, workspaceId } = activation
    if (look._tag === "Checked") yield* Effect.logInfo(`domain ${domain} is verified`)
    if (isWithoutCertificate) yield* askForCertificate(domain, workspaceId)
    yield* checkAgain({ ...current, domainId, isConfirming: true }, confirmAfter)
  })

const act = (domain: DomainName, current: Run, look: Look) => {
  if (look._tag === "Missing") return awaitRow(current)
  if (current.domainId !== null && current.domainId !== look.domainId) return run.clear
  if (look._tag === "Verified") return current.isConfirming ? run.clear : activate(domain, current, look)
  if (look._tag === "Refused") return refuse(look)
  // The one that an owner is shown nowhere else comes first: the text is cut at its end.
  const findings = [look.delegation ?? null, look.ownership, look.target].filter((finding) => finding !== null)
  return findings.length === 0 ? activate(domain, current, look) : postpone(current, look, findings)
}

/** Looks, journals what it saw, and acts on that alone: another answer of DNS during a retry changes nothing [W21]. */
const lookNow = (domain: DomainName, current: Run) =>
  Effect.gen(function* () {
    yield* withUndo(Effect.void, (_, cause) => giveUp(domain, current.domainId, cause))
    const seen = yield* databaseStep("look-at-domain", lookAtDomain(domain), { output: Look })
    yield* act(domain, current, seen)
  }).pipe(saga)

/** A run under another key than its domain's was started by an earlier version: it goes on where it belongs. */
const moveRun = (domain: DomainName) =>
  Effect.zipRight(run.clear, send(CustomDomainService, domain, "VerifyDomain", {}))

const check = ({ nonce }: CheckInput) =>
  Effect.gen(function* () {
    const current = yield* run.get
    if (Option.isNone(current) || current.value.nonce !== nonce) return {}
    const domain = yield* domainOfKey
    yield* domain === (yield* key) ? lookNow(domain, current.value) : moveRun(domain)
    return {}
  }).pipe(Effect.catchTag("InvalidRequest", () => Effect.as(run.clear, {})))

/** Key: domain, in its canonical spelling. Holds it for one look at DNS and one transaction; waiting is the delayed message's business. */
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
      // Callers store the id of VerifyDomain and cancel it later, when it has long ended. Of an invocation that is forgotten
      // Restate answers 404, which they take for success; of one that is kept 409, which they do not. It keeps every
      // invocation that came through the ingress for as long as it would an idempotency key.
      idempotencyRetention: 0,
      journalRetention: 0
    }
  )
