import { Schema } from "effect"
import { numberFrom } from "../identifiers.ts"

const hour = 3_600_000
const day = 24 * hour

/** What the CA suggested for one certificate, and when it may be asked again. Unix milliseconds. */
export const KnownRenewalInfo = Schema.Struct({
  certificateId: Schema.String,
  /** Null when the CA has no suggestion. */
  window: Schema.NullOr(Schema.Struct({ start: Schema.Number, end: Schema.Number })),
  askAgainAt: Schema.Number
})
export type KnownRenewalInfo = typeof KnownRenewalInfo.Type

/** A certificate as its renewal sees it. Unix milliseconds. */
export interface RenewalSnapshot {
  /** Names the certificate: the draw within the CA's window depends on it alone, so it is the same each time. */
  readonly seed: string
  readonly notBefore: number
  readonly notAfter: number
  readonly window: KnownRenewalInfo["window"]
  /** Days before the expiry from which an operator wants it renewed; 0 or 30 for the default. */
  readonly daysBeforeExpiry: number
}

export interface RenewalDecision {
  /** From when the certificate is to be renewed. Now or in the past: at once. */
  readonly at: number
  readonly isDue: boolean
  readonly reason: "suggested" | "lifetime" | "days" | "emergency"
}

/** Certificates shorter than this are renewed at half of their life, others at two thirds: what Let's Encrypt suggests. */
const shortLife = 10 * day
/** The last twentieth of a life: whatever the CA suggests, it is renewed now. */
const emergencyShare = 20
/** The default of 30 days is a third of the lifetime that it was made for, and more than all of a short one. */
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
 * When to ask for renewal information again: as the CA says, but at least 1 h and at most 7 d from now; 6 h when it does
 * not say, as RFC 9773 section 4.3.2 advises.
 */
export const askAgainAt = (retryAfter: number | null, now: number): number =>
  Math.min(Math.max(retryAfter ?? now + 6 * hour, now + hour), now + 7 * day)

const daysRule = ({ daysBeforeExpiry, notAfter, notBefore }: RenewalSnapshot): number => {
  const life = notAfter - notBefore
  // The scheduled job always sends the default: it says nothing about this certificate.
  const isDefault = daysBeforeExpiry === 0 || daysBeforeExpiry === defaultDays
  if (isDefault && life < lifeForDefaultDays) return Number.POSITIVE_INFINITY
  const days = isDefault ? defaultDays : daysBeforeExpiry
  // Never in the first half: 30 days before the end of a certificate of 6 days is before it begins.
  return notAfter - Math.min(days * day, life / 2)
}

/**
 * When a certificate is renewed: at the instant drawn from the CA's window; without one at two thirds of its life, half of
 * a life under 10 days; earlier when an operator's number of days says so; and in the last twentieth of its life always.
 * A window that ended before the certificate began was made for another one and counts as none.
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
