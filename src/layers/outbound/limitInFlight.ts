import { Effect } from "effect"
import type { Bounds } from "./bounds.ts"
import { type OutboundError, OutboundUnavailable } from "./OutboundError.ts"

type Bounded = <A>(call: Effect.Effect<A, OutboundError>) => Effect.Effect<A, OutboundError>

/**
 * Runs at most `maxInFlight` calls concurrently; as many again wait. A further call fails as `busy` at once, and so does one
 * that waits for the whole `timeout`. The timeout includes the wait.
 */
export const limitInFlight = ({ maxInFlight, neighbour, timeout }: Bounds): Effect.Effect<Bounded> =>
  Effect.map(Effect.makeSemaphore(maxInFlight), (slots) => {
    let callers = 0
    const busy = new OutboundUnavailable({ neighbour, reason: "busy" })
    const admit = Effect.suspend(() => {
      if (callers >= 2 * maxInFlight) return busy
      callers += 1
      return Effect.void
    })
    const leave = Effect.sync(() => {
      callers -= 1
    })
    return (call) =>
      Effect.suspend(() => {
        let began = false
        const begin = Effect.sync(() => {
          began = true
        })
        const late = () => (began ? new OutboundUnavailable({ neighbour, reason: "timeout" }) : busy)
        return Effect.acquireUseRelease(
          admit,
          () => slots.withPermits(1)(Effect.zipRight(begin, call)),
          () => leave
        ).pipe(Effect.timeoutFail({ duration: timeout, onTimeout: late }))
      })
  })
