import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import { Duration, Redacted } from "effect"

export const sessionCookie = "console_session"
export const sessionLifetime = Duration.hours(12)

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in constant time, also texts of different lengths. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))

export const isToken = (token: Redacted.Redacted, presented: string): boolean =>
  isSame(Redacted.value(token), presented)

const macOf = (token: Redacted.Redacted, expiresAt: string): string =>
  createHmac("sha256", Redacted.value(token)).update(`console session until ${expiresAt}`).digest("base64url")

/**
 * A session until its end in Unix milliseconds, authenticated by the token. No replica stores it, every replica with the same
 * token accepts it, and a new token ends all sessions.
 */
export const makeSession = (token: Redacted.Redacted, now: number): string => {
  const expiresAt = String(now + Duration.toMillis(sessionLifetime))
  return `${expiresAt}.${macOf(token, expiresAt)}`
}

export const isSession = (token: Redacted.Redacted, presented: string, now: number): boolean => {
  const [expiresAt = "", mac = "", ...rest] = presented.split(".")
  return (
    rest.length === 0 && /^\d{1,16}$/.test(expiresAt) && isSame(macOf(token, expiresAt), mac) && now < Number(expiresAt)
  )
}
