import { type DomainName, isWildcard } from "../../../names/DomainName.ts"
import type { DomainView, Issuance } from "../issuance.ts"
import { type Failures, nextIssuanceAt, nextTryAt } from "../order/attempts.ts"
import { decideRenewal } from "./decideRenewal.ts"

/** Why a certificate is requested. */
export type IssuanceTrigger =
  /** The domain should have a certificate. */
  | { readonly _tag: "Wanted" }
  /** Replace the certificate with this serial. */
  | { readonly _tag: "Renewal"; readonly serial: string }
  /** Replace the certificate unconditionally, by an operator's request. */
  | { readonly _tag: "Forced" }

export type StartDecision =
  /** The stored certificate satisfies the request. `isRecorded`: the challenge row says so already. */
  | {
      readonly _tag: "Satisfied"
      readonly certificateId: string
      readonly expiresAt: number
      readonly isRecorded: boolean
    }
  /** An issuance is waiting for its timer. */
  | { readonly _tag: "UnderWay" }
  /** The stored issuance was abandoned: its invocation was killed or cancelled. */
  | { readonly _tag: "Resume"; readonly issuance: Issuance }
  /**
   * The last issuance failed and its back-off has not ended. Setting the challenge back to `waiting` skips the
   * back-off.
   */
  | { readonly _tag: "BackingOff" }
  /** The daily number of certificates is reached. */
  | { readonly _tag: "Guarded"; readonly until: number }
  | { readonly _tag: "Unavailable"; readonly reason: "acme_disabled" | "no_dns_provider" }
  | { readonly _tag: "Begin"; readonly kind: "first" | "renewal"; readonly replaces: string | null }

export interface StartSnapshot {
  readonly domain: DomainView
  readonly issuance: Issuance | null
  /** When orders of this domain were finalized. */
  readonly issued: ReadonlyArray<number>
  readonly failures: Failures | null
  readonly purpose: IssuanceTrigger
  readonly settings: { readonly isEnabled: boolean; readonly hasDnsProvider: boolean }
  readonly now: number
}

/**
 * A certificate is usable when it parses, is for this name, and its key is in the keyring of the domain's workspace.
 */
const usableCertificate = ({ certificate, name, workspaceId }: DomainView) => {
  if (certificate === null || certificate.facts === null || certificate.workspaceId !== workspaceId) return null
  return certificate.facts.names.includes(name) ? { id: certificate.id, ...certificate.facts } : null
}

type Usable = NonNullable<ReturnType<typeof usableCertificate>>

const satisfies = (certificate: Usable, purpose: IssuanceTrigger, now: number): boolean => {
  if (certificate.notAfter <= now) return false
  if (purpose._tag === "Forced") return false
  if (purpose._tag === "Renewal") return certificate.serial !== purpose.serial
  const { notAfter, notBefore, serial: seed } = certificate
  return !decideRenewal({ seed, notAfter, notBefore, window: null, daysBeforeExpiry: 0 }, now).isDue
}

/** The stored certificate when it is usable and not due for renewal by its lifetime. */
export const goodCertificate = (domain: DomainView, now: number): { readonly id: string } | null => {
  const certificate = usableCertificate(domain)
  return certificate !== null && satisfies(certificate, { _tag: "Wanted" }, now) ? certificate : null
}

/** The missing configuration that keeps this worker from issuing for the name, or null. */
export const unmetPrecondition = (name: DomainName, settings: StartSnapshot["settings"]) => {
  if (!settings.isEnabled) return "acme_disabled" as const
  return isWildcard(name) && !settings.hasDnsProvider ? ("no_dns_provider" as const) : null
}

const isBackingOff = ({ domain, failures, now, purpose }: StartSnapshot): boolean =>
  purpose._tag !== "Forced" && domain.status === "failed" && failures !== null && nextTryAt(failures) > now

/**
 * Decides what a request for a certificate starts. A duplicate request finds the certificate or the issuance of the
 * first one and starts nothing.
 */
export const decideStart = (snapshot: StartSnapshot): StartDecision => {
  const { domain, issuance, issued, now, purpose, settings } = snapshot
  const unmet = unmetPrecondition(domain.name, settings)
  if (issuance !== null) {
    if (issuance.resumeAt > now) return { _tag: "UnderWay" }
    return unmet === null ? { _tag: "Resume", issuance } : { _tag: "Unavailable", reason: unmet }
  }
  const certificate = usableCertificate(domain)
  if (certificate !== null && satisfies(certificate, purpose, now)) {
    const { id: certificateId, notAfter: expiresAt } = certificate
    return { _tag: "Satisfied", certificateId, expiresAt, isRecorded: domain.status === "verified" }
  }
  if (unmet !== null) return { _tag: "Unavailable", reason: unmet }
  if (isBackingOff(snapshot)) return { _tag: "BackingOff" }
  const until = nextIssuanceAt(issued, now)
  if (purpose._tag !== "Forced" && until > now) return { _tag: "Guarded", until }
  if (certificate === null) return { _tag: "Begin", kind: "first", replaces: null }
  return { _tag: "Begin", kind: "renewal", replaces: certificate.certificateId }
}
