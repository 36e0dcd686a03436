import { Clock, Duration, Effect, Ref } from "effect"

/** Failed attempts of one address per window. */
const maxFailures = 10
const window = Duration.toMillis(Duration.minutes(1))
/** Bounds memory. While so many addresses fail, further addresses are refused. */
const maxAddresses = 1000

interface Failures {
  readonly since: number
  readonly counts: ReadonlyMap<string, number>
}

const current = (failures: Failures, now: number): Failures =>
  now - failures.since < window ? failures : { since: now, counts: new Map() }

/** Limits guesses of the token. A session is not affected. */
export interface LoginLimit {
  readonly isRefused: (address: string) => Effect.Effect<boolean>
  readonly recordFailure: (address: string) => Effect.Effect<void>
}

export const makeLoginLimit: Effect.Effect<LoginLimit> = Effect.map(
  Ref.make<Failures>({ since: 0, counts: new Map() }),
  (failures) => ({
    isRefused: (address) =>
      Effect.gen(function* () {
        const { counts } = current(yield* Ref.get(failures), yield* Clock.currentTimeMillis)
        const count = counts.get(address)
        return count === undefined ? counts.size >= maxAddresses : count >= maxFailures
      }),
    recordFailure: (address) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Ref.update(failures, (before) => {
          const { counts, since } = current(before, now)
          return counts.size >= maxAddresses && !counts.has(address)
            ? { counts, since }
            : { since, counts: new Map([...counts, [address, (counts.get(address) ?? 0) + 1]]) }
        })
      )
  })
)
