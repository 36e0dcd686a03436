import { Schema } from "effect"
import { day, hour } from "../../../text/millis.ts"

/** Certificates for one set of names within a day; a third waits. */
const maxIssuances = 2

/** When orders of this domain were finalized: the last few, oldest first. Unix milliseconds. */
export const IssuanceTimes = Schema.Array(Schema.Number)

/** The finalized orders of the last day and one more. Bounded, because older ones decide nothing. */
export const withIssuance = (times: ReadonlyArray<number>, now: number): ReadonlyArray<number> =>
  [...times.filter((time) => time > now - day), now].slice(-2 * maxIssuances)

/** The earliest time at which another order may be finalized. A clock that went back counts as no time passed. */
export const nextIssuanceAt = (times: ReadonlyArray<number>, now: number): number => {
  const recent = times.filter((time) => time > now - day).sort((one, other) => one - other)
  const decisive = recent.at(-maxIssuances)
  return decisive === undefined ? now : Math.max(now, Math.min(decisive, now) + day)
}

/** Issuances given up since the last success. `notBefore`: the CA's last Retry-After. Unix milliseconds. */
export const Failures = Schema.Struct({
  count: Schema.Number,
  at: Schema.Number,
  nonce: Schema.String,
  notBefore: Schema.optional(Schema.NullOr(Schema.Number))
})
export type Failures = typeof Failures.Type

/** After this many failures only the daily renewal of all certificates retries. */
export const maxOwnRetries = 5

/** 1 h after the first failure, doubling to 32 h. */
export const retryDelay = (count: number): number => hour * 2 ** Math.min(Math.max(count, 1) - 1, 5)

/** When the back-off ends. */
export const nextTryAt = ({ at, count, notBefore }: Omit<Failures, "nonce">): number =>
  Math.max(at + retryDelay(count), notBefore ?? 0)
