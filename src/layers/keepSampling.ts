import { type Duration, Effect, Ref, Schedule, type Scope } from "effect"

export interface Sampling<E extends { readonly message: string }> {
  readonly every: Duration.Duration
  /** Looks, and shows what it saw. */
  readonly sample: Effect.Effect<unknown, E>
  /** Takes back what is shown, so that nothing stale is. */
  readonly hide: Effect.Effect<unknown>
  /** What is not known while samples fail. */
  readonly unknown: string
}

/**
 * Samples at once and then after each pause, for as long as the scope is open. Failures are logged when they begin, not at
 * every sample. Without spans: nobody wants one of each.
 */
export const keepSampling = <E extends { readonly message: string }>({
  every,
  hide,
  sample,
  unknown
}: Sampling<E>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const failing = yield* Ref.make(false)
    const failed = (error: E) =>
      Effect.gen(function* () {
        yield* hide
        if (!(yield* Ref.getAndSet(failing, true))) yield* Effect.logWarning(unknown, { problem: error.message })
      })
    yield* Effect.matchEffect(sample, { onSuccess: () => Ref.set(failing, false), onFailure: failed }).pipe(
      Effect.repeat(Schedule.spaced(every)),
      Effect.withTracerEnabled(false),
      Effect.forkScoped
    )
  })
