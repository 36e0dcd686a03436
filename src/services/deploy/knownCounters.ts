import { Clock, Duration, Effect } from "effect"

/** Another worker may use versions after this one has read the counter, so it is read again. */
const validity = Duration.toMillis("10 minutes")

/** The regions whose counter this process has read, at most some dozens. */
export const makeKnownCounters = Effect.sync(() => {
  const validUntil = new Map<string, number>()
  return {
    isCounterKnown: (region: string) =>
      Effect.map(Clock.currentTimeMillis, (now) => now < (validUntil.get(region) ?? 0)),
    rememberCounter: (region: string) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        validUntil.set(region, now + validity)
      })
  }
})
