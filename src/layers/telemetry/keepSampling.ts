import { type Duration, Effect, Ref, Schedule, type Scope } from "effect"

export interface Sampling<E extends { readonly message: string }> {
  readonly every: Duration.Duration
  /** Queries the source and sets the gauges. */
  readonly sample: Effect.Effect<unknown, E>
  /** Clears the gauges, so that no stale value is shown. */
  readonly clear: Effect.Effect<unknown>
  /** Log message of the first of several failures. */
  readonly failureMessage: string
}

/**
 * Samples at once and then at an interval, for as long as the scope is open. Logs only the first of several failures. Not
 * traced.
 */
export const keepSampling = <E extends { readonly message: string }>({
  every,
  clear,
  sample,
  failureMessage
}: Sampling<E>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const failing = yield* Ref.make(false)
    const failed = (error: E) =>
      Effect.gen(function* () {
        yield* clear
        if (!(yield* Ref.getAndSet(failing, true))) yield* Effect.logWarning(failureMessage, { problem: error.message })
      })
    yield* Effect.matchEffect(sample, { onSuccess: () => Ref.set(failing, false), onFailure: failed }).pipe(
      Effect.repeat(Schedule.spaced(every)),
      Effect.withTracerEnabled(false),
      Effect.forkScoped
    )
  })
