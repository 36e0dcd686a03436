import { Duration } from "effect"

/** A preview without requests for this time is idle. */
const idleWindow = Duration.hours(6)

export const idleSince = (now: number): number => now - Duration.toMillis(idleWindow)
