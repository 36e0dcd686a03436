import { Clock, Effect, Option } from "effect"
import type { Input } from "effect-restate"
import { call, key } from "effect-restate"
import { CertificateService } from "../../contract/CertificateService.ts"
import { InvalidRequest, IssuanceUnavailable } from "../../contract/errors.ts"
import type { DomainName } from "../../names/DomainName.ts"
import { CertificateSettings } from "../../services/certificate/CertificateSettings.ts"
import { CertificateStore } from "../../services/certificate/CertificateStore.ts"
import { PlatformZones } from "../../services/customDomain/PlatformZones.ts"
import { databaseStep } from "../databaseStep.ts"
import { decideStart, type IssuanceTrigger, type StartDecision } from "./decide/decideStart.ts"
import { nameProblem } from "./decide/partitionDomains.ts"
import { type DomainView, failuresCell, type Issuance, issuanceCell, issuedTimes } from "./issuance.ts"
import { abandon, clearIssuance, failed, issue, pending, postpone, success } from "./issue.ts"
import { loadDomain } from "./loadDomain.ts"
import { removeRecord } from "./prove/dnsRecord.ts"

/** The issuance in the object's state, unless the domain was deleted and created again meanwhile [W43]. */
const storedIssuance = (domain: DomainView) =>
  Effect.gen(function* () {
    const current = Option.getOrNull(yield* issuanceCell.get)
    if (current === null) return null
    if (current.domainId === domain.id && current.workspaceId === domain.workspaceId) return current
    yield* removeRecord(current)
    yield* issuanceCell.clear
    return null
  })

const markVerified = (domain: DomainView, expiresAt: number) =>
  Effect.gen(function* () {
    const store = yield* CertificateStore
    const at = yield* Clock.currentTimeMillis
    yield* databaseStep("mark-verified", store.markVerified({ domainId: domain.id, expiresAt, at }))
  })

const begin = (
  domain: DomainView,
  start: Extract<StartDecision, { readonly _tag: "Begin" }>,
  purpose: IssuanceTrigger,
  begunAt: number
): Issuance => ({
  domainId: domain.id,
  workspaceId: domain.workspaceId,
  nonce: "",
  resumeAt: 0,
  kind: start.kind,
  isForced: purpose._tag === "Forced",
  replaces: start.replaces,
  supersedes: domain.certificate?.digest ?? null,
  begunAt,
  encryptedKey: null,
  orderUrl: null,
  record: null,
  answeredAt: null,
  finalizedAt: null,
  attempts: 0
})

/**
 * Refuses a tenant's row whose name is the platform's or otherwise not allowed, and clears an issuance that was begun
 * for it.
 */
const requireOwnName = (domain: DomainView) =>
  Effect.gen(function* () {
    const problem = nameProblem(domain, yield* PlatformZones)
    if (problem === null) return
    yield* clearIssuance
    return yield* new InvalidRequest({ field: "domain", problem })
  })

/** Obtains a certificate for the trigger unless there is nothing to do. */
const obtain = (name: DomainName, purpose: IssuanceTrigger) =>
  Effect.gen(function* () {
    const settings = yield* CertificateSettings
    const { at, domain } = yield* loadDomain(name)
    if (domain === null) return yield* abandon(name)
    yield* requireOwnName(domain)
    const issuance = yield* storedIssuance(domain)
    const issued = yield* issuedTimes
    const failures = Option.getOrNull(yield* failuresCell.get)
    const start = decideStart({ domain, issuance, issued, failures, purpose, settings, now: at })
    switch (start._tag) {
      case "Satisfied":
        if (!start.isRecorded) yield* markVerified(domain, start.expiresAt)
        return success(start.certificateId)
      case "UnderWay":
        return pending
      case "BackingOff":
        return failed
      case "Guarded":
        yield* Effect.logWarning("No third certificate within a day", { until: start.until })
        return pending
      case "Unavailable":
        return yield* new IssuanceUnavailable({ domain: name, reason: start.reason })
      case "Resume":
        return yield* issue(domain, start.issuance)
      case "Begin": {
        const begun = begin(domain, start, purpose, at)
        yield* issuanceCell.set(begun)
        return yield* issue(domain, begun)
      }
    }
  })

/** Forwards a request under another key to the object of the requested domain. */
export const handleProcessChallenge = (input: Input<typeof CertificateService, "ProcessChallenge">) =>
  Effect.gen(function* () {
    if ((yield* key) === input.domain) return yield* obtain(input.domain, { _tag: "Wanted" })
    return yield* call(CertificateService, input.domain, "ProcessChallenge", input)
  })

export const handleReissue = (input: Input<typeof CertificateService, "ReissueCertificate">) =>
  Effect.gen(function* () {
    if ((yield* key) === input.domain) return yield* obtain(input.domain, { _tag: "Forced" })
    return yield* call(CertificateService, input.domain, "ReissueCertificate", input)
  })

export const handleRenew = (input: Input<typeof CertificateService, "RenewCertificate">) =>
  Effect.gen(function* () {
    const { domain, serial } = input
    if ((yield* key) === domain) return yield* obtain(domain, { _tag: "Renewal", serial })
    return yield* call(CertificateService, domain, "RenewCertificate", input)
  })

/**
 * Earlier versions issued under every spelling of a name: clears their state under this key and starts again under the
 * canonical one.
 */
const moveToCanonicalKey = (domain: DomainName) =>
  Effect.gen(function* () {
    yield* clearIssuance
    yield* failuresCell.clear
    return yield* call(CertificateService, domain, "ProcessChallenge", { domain, workspaceId: "" })
  })

/** Continues a waiting issuance, or retries a failed one. A timer that fires too early is scheduled again. */
export const handleContinue = ({ domain, nonce }: Input<typeof CertificateService, "ContinueIssuance">) =>
  Effect.gen(function* () {
    if ((yield* key) !== domain) return yield* moveToCanonicalKey(domain)
    const current = Option.getOrNull(yield* issuanceCell.get)
    if (current === null) {
      const failures = yield* failuresCell.get
      return Option.isSome(failures) && failures.value.nonce === nonce
        ? yield* obtain(domain, { _tag: "Wanted" })
        : pending
    }
    if (current.nonce !== nonce) return pending
    const now = yield* Clock.currentTimeMillis
    return now < current.resumeAt
      ? yield* postpone(domain, current, current.resumeAt)
      : yield* obtain(domain, { _tag: "Wanted" })
  })
