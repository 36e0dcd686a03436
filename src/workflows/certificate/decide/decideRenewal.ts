import { Schema } from "effect"
import { day, hour } from "../../../text/millis.ts"
import { numberFrom } from "../../identifiers.ts"

/** The CA's renewal information (RFC 9773) of one certificate, and when it may be asked again. Unix milliseconds. */
export const KnownRenewalInfo = Schema.Struct({
  certificateId: Schema.String,
  /** Null when the CA has no suggestion. */
  window: Schema.NullOr(Schema.Struct({ start: Schema.Number, end: Schema.Number })),
  askAgainAt: Schema.Number
})
export type KnownRenewalInfo = typeof KnownRenewalInfo.Type

/** What the renewal decision needs of a certificate. Unix milliseconds. */
export interface RenewalSnapshot {
  /**
   * Identifies the certificate and seeds the random instant within the CA's window, so that it is the same each time.
   */
  readonly seed: string
  readonly notBefore: number
  readonly notAfter: number
  readonly window: KnownRenewalInfo["window"]
  /** Days before expiry at which an operator wants the renewal; 0 or 30 for the default. */
  readonly daysBeforeExpiry: number
}

export interface RenewalDecision {
  /** When to renew. Now or in the past: at once. */
  readonly at: number
  readonly isDue: boolean
  readonly reason: "suggested" | "lifetime" | "days" | "emergency"
}

/**
 * Certificates with a shorter lifetime are renewed at half of it, others at two thirds, as Let's Encrypt recommends.
 */
const shortLife = 10 * day
/** In the last twentieth of its lifetime a certificate is renewed whatever the CA suggests. */
const emergencyShare = 20
/** The default of 30 days suits a lifetime of 90 days; it exceeds the whole lifetime of a short certificate. */
const defaultDays = 30
const lifeForDefaultDays = 90 * day

/** A uniformly random instant of the window, the same for the same certificate (RFC 9773 section 4.2). */
export const drawInWindow = (seed: string, window: { readonly start: number; readonly end: number }): number =>
  numberFrom(
    ["renewal", seed, String(window.start), String(window.end)],
    window.start,
    Math.max(window.start, window.end)
  )

/**
 * When to fetch renewal information again: the CA's Retry-After, at least 1 h and at most 7 d from now; 6 h without
 * Retry-After (RFC 9773, section 4.3.2).
 */
export const askAgainAt = (retryAfter: number | null, now: number): number =>
  Math.min(Math.max(retryAfter ?? now + 6 * hour, now + hour), now + 7 * day)

const daysRule = ({ daysBeforeExpiry, notAfter, notBefore }: RenewalSnapshot): number => {
  const life = notAfter - notBefore
  // The scheduled job always sends the default, so the default is not a choice for this certificate.
  const isDefault = daysBeforeExpiry === 0 || daysBeforeExpiry === defaultDays
  if (isDefault && life < lifeForDefaultDays) return Number.POSITIVE_INFINITY
  const days = isDefault ? defaultDays : daysBeforeExpiry
  // Never in the first half of the lifetime: 30 days before the end of a 6-day certificate is before it begins.
  return notAfter - Math.min(days * day, life / 2)
}

/**
 * When a certificate is renewed: at a random instant of the CA's window; without a window at two thirds of its
 * lifetime, or half of a lifetime under 10 days; earlier if the operator's number of days says so; always in the last
 * twentieth. A window that ended before the certificate began belongs to another certificate and is ignored.
 */
export const decideRenewal = (snapshot: RenewalSnapshot, now: number): RenewalDecision => {
  const { notAfter, notBefore, seed, window } = snapshot
  const life = Math.max(0, notAfter - notBefore)
  const isUsable = window !== null && window.end >= window.start && window.end > notBefore
  const planned: Omit<RenewalDecision, "isDue"> = isUsable
    ? { at: drawInWindow(seed, window), reason: "suggested" }
    : { at: notBefore + Math.floor(life < shortLife ? life / 2 : (life * 2) / 3), reason: "lifetime" }
  const days = Math.floor(daysRule(snapshot))
  const emergency = notAfter - Math.ceil(life / emergencyShare)
  const wanted: Omit<RenewalDecision, "isDue"> = days < planned.at ? { at: days, reason: "days" } : planned
  const decided: Omit<RenewalDecision, "isDue"> =
    emergency < wanted.at || now >= emergency ? { at: Math.min(wanted.at, emergency), reason: "emergency" } : wanted
  return { ...decided, isDue: decided.at <= now }
}
