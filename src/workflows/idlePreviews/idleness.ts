import { Duration } from "effect"

/** A preview without a request for this long is idle. */
const idleWindow = Duration.hours(6)

export const quietSince = (now: number): number => now - Duration.toMillis(idleWindow)
