import { Duration } from "effect"

/** A preview without a request for this long is idle. */
const idleWindow = Duration.hours(6)

/** Four schedules. A run makes progress every few seconds; one that did not for so long was killed. */
const lease = Duration.hours(1)

export const quietSince = (now: number): number => now - Duration.toMillis(idleWindow)

export const leaseFrom = (now: number): number => now + Duration.toMillis(lease)

export const isAtWork = (run: { readonly leaseUntil: number }, now: number): boolean => now < run.leaseUntil
