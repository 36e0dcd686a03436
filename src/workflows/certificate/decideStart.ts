import { type DomainName, isWildcard } from "../../names/DomainName.ts"
import { type Failures, nextIssuanceAt, nextTryAt } from "./attempts.ts"
import { decideRenewal } from "./decideRenewal.ts"
import type { DomainView, Issuance } from "./issuance.ts"

/** Why somebody asks for a certificate. */
export type IssuanceTrigger =
  /** The domain should have one. */
  | { readonly _tag: "Wanted" }
  /** The one with this serial is to be replaced. */
  | { readonly _tag: "Renewal"; readonly serial: string }
  /** A person wants a new one. */
  | { readonly _tag: "Forced" }

export type StartDecision =
  /** The certificate that stands there is good. `isRecorded`: its challenge says so. */
  | {
      readonly _tag: "Satisfied"
      readonly certificateId: string
      readonly expiresAt: number
      readonly isRecorded: boolean
    }
  /** An issuance waits for its time. */
  | { readonly _tag: "UnderWay" }
  /** Nobody goes on with the issuance that stands there: its invocation was killed or cancelled. */
  | { readonly _tag: "Resume"; readonly issuance: Issuance }
  /** It failed, and the time for another try has not come. Whoever wants one now sets the challenge back to `waiting`. */
  | { readonly _tag: "BackingOff" }
  /** Enough certificates for a day. */
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

/** A certificate counts when it can be read, is for this name, and its key is in the keyring of the domain's workspace. */
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

/** The certificate that stands there and that is wanted no other for: usable, and not due by its lifetime. */
export const goodCertificate = (domain: DomainView, now: number): { readonly id: string } | null => {
  const certificate = usableCertificate(domain)
  return certificate !== null && satisfies(certificate, { _tag: "Wanted" }, now) ? certificate : null
}

/** Whether this worker can obtain a certificate for the name at all. */
export const unmetPrecondition = (name: DomainName, settings: StartSnapshot["settings"]) => {
  if (!settings.isEnabled) return "acme_disabled" as const
  return isWildcard(name) && !settings.hasDnsProvider ? ("no_dns_provider" as const) : null
}

const isBackingOff = ({ domain, failures, now, purpose }: StartSnapshot): boolean =>
  purpose._tag !== "Forced" && domain.status === "failed" && failures !== null && nextTryAt(failures) > now

/**
 * What a request for a certificate leads to. A duplicate finds the certificate of the first one, or its issuance, and
 * does nothing.
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
