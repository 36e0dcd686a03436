import { Clock, Effect, Option } from "effect"
import type { Input } from "effect-restate"
import { send, step } from "effect-restate"
import { CertificateService } from "../../../contract/CertificateService.ts"
import type { DomainName } from "../../../names/DomainName.ts"
import { Acme } from "../../../services/certificate/Acme.ts"
import { CertificateSettings } from "../../../services/certificate/CertificateSettings.ts"
import type { CertificateFacts } from "../../../services/certificate/Pki.ts"
import { recordMetric } from "../../../services/Metrics.ts"
import { hour, minute } from "../../../text/millis.ts"
import { isOfPlatform } from "../../challenge/recordOf.ts"
import { numberFrom } from "../../identifiers.ts"
import { retryForTwoMinutes } from "../../retry.ts"
import { askAgainAt, decideRenewal, KnownRenewalInfo } from "../decide/decideRenewal.ts"
import { unmetPrecondition } from "../decide/decideStart.ts"
import { type DomainView, failuresCell, issuanceCell, renewalCell } from "../issuance.ts"
import { loadDomainBriefly } from "../loadDomain.ts"
import { nextTryAt } from "../order/attempts.ts"

type CheckInput = Input<typeof CertificateService, "CheckRenewal">

/** Certificates are checked once a day; a renewal that is due before the next check is sent now, with a delay. */
const untilNextCheck = 25 * hour
/** Renewals that are due at once are spread over this time, to avoid a burst at the CA. */
const spread = 10 * minute

const nothingToDo = { triggered: false, failed: false }
const triggered = { triggered: true, failed: false }
const unavailable = { triggered: false, failed: true }

/** After a failed request the CA is asked again in an hour; its last answer still counts. */
const fetchRenewalInfo = (certificateId: string, known: KnownRenewalInfo | null) =>
  step(
    "ask-renewal-info",
    Effect.gen(function* () {
      const { renewalInfo } = yield* Acme
      const answer = yield* Effect.either(renewalInfo(certificateId))
      const now = yield* Clock.currentTimeMillis
      if (answer._tag === "Left") {
        yield* recordMetric({ _tag: "RenewalInfo", answer: "failed" })
        const { retryAfter } = answer.left
        return { certificateId, window: known?.window ?? null, askAgainAt: askAgainAt(retryAfter ?? now, now) }
      }
      const info = Option.getOrNull(answer.right)
      yield* recordMetric({ _tag: "RenewalInfo", answer: info === null ? "none" : "suggested" })
      return {
        certificateId,
        window: info === null ? null : { start: info.windowStart, end: info.windowEnd },
        askAgainAt: askAgainAt(info?.retryAfter ?? null, now)
      }
    }),
    { output: KnownRenewalInfo, retry: retryForTwoMinutes }
  )

const sendRenewalInfo = (domain: DomainName, { askAgainAt: at, certificateId, window }: KnownRenewalInfo) =>
  send(CertificateService, domain, "RememberRenewalInfo", {
    certificateId,
    askAgainAt: at,
    ...(window === null ? {} : { windowStart: window.start, windowEnd: window.end })
  })

/** The CA's suggested renewal window for this certificate; cached until the CA may be asked again. */
const windowOf = (domain: DomainName, certificateId: string | null, now: number) =>
  Effect.gen(function* () {
    if (certificateId === null) return null
    const remembered = Option.getOrNull(yield* renewalCell.get)
    const known = remembered?.certificateId === certificateId ? remembered : null
    if (known !== null && known.askAgainAt > now) return known.window
    const info = yield* fetchRenewalInfo(certificateId, known)
    yield* sendRenewalInfo(domain, info)
    return info.window
  })

const checkCertificate = (domain: DomainView, facts: CertificateFacts, daysBeforeExpiry: number, now: number) =>
  Effect.gen(function* () {
    const { certificateId, notAfter, notBefore, serial } = facts
    const isPossible = unmetPrecondition(domain.name, yield* CertificateSettings) === null
    const window = isPossible ? yield* windowOf(domain.name, certificateId, now) : null
    const seed = certificateId ?? serial
    const { at, isDue } = decideRenewal({ seed, notBefore, notAfter, window, daysBeforeExpiry }, now)
    if (at > now + untilNextCheck) return nothingToDo
    if (!isPossible) return unavailable
    const delay = isDue ? numberFrom(["spread", domain.name, serial], 0, spread) : at - now
    yield* send(CertificateService, domain.name, "RenewCertificate", { domain: domain.name, serial }, { delay })
    return triggered
  })

/** Requests a first certificate, or another attempt. */
const requestCertificate = ({ name, workspaceId }: DomainView) =>
  Effect.gen(function* () {
    if (unmetPrecondition(name, yield* CertificateSettings) !== null) return unavailable
    const delay = numberFrom(["spread", name], 0, minute)
    yield* send(CertificateService, name, "ProcessChallenge", { domain: name, workspaceId }, { delay })
    return triggered
  })

/** Whether a failed domain's back-off has not ended. */
const isBackingOff = (now: number) =>
  Effect.map(failuresCell.get, Option.match({ onNone: () => false, onSome: (failures) => nextTryAt(failures) > now }))

/**
 * The daily check of one domain: repairs one without a challenge [W49], retries a failed one after its back-off,
 * resumes an abandoned issuance [W16], and renews a due certificate. A shared handler, so a stuck domain does not block
 * the check of the others.
 */
export const handleCheckRenewal = (input: CheckInput) =>
  Effect.gen(function* () {
    const { at: now, domain } = yield* loadDomainBriefly(input.domain)
    if (domain === null) return nothingToDo
    const issuance = yield* issuanceCell.get
    if (Option.isSome(issuance)) return issuance.value.resumeAt > now ? nothingToDo : yield* requestCertificate(domain)
    const { certificate, status } = domain
    // Without a route the CA cannot validate the domain.
    if (status === "failed" && !domain.hasRoute && !isOfPlatform(domain)) return nothingToDo
    if (status === "failed") return (yield* isBackingOff(now)) ? nothingToDo : yield* requestCertificate(domain)
    const facts = certificate?.facts ?? null
    if (status !== "verified" || facts === null || certificate?.workspaceId !== domain.workspaceId)
      return yield* requestCertificate(domain)
    return yield* checkCertificate(domain, facts, input.daysBeforeExpiry, now)
  })

export const handleRemember = (input: Input<typeof CertificateService, "RememberRenewalInfo">) => {
  const { askAgainAt: at, certificateId, windowEnd: end, windowStart: start } = input
  const window = start === undefined || end === undefined ? null : { start, end }
  return Effect.as(renewalCell.set({ certificateId, window, askAgainAt: at }), {})
}
