import { Duration, Effect, Layer, Option, Ref, Schedule } from "effect"
import { RestateAdmin, type RestateAdminError } from "../services/RestateAdmin.ts"
import { WorkflowMetrics } from "../services/WorkflowMetrics.ts"

// Two samples in the shortest alerting window (one minute).
const pollInterval = Duration.seconds(30)

/**
 * Keeps the paused-invocations gauge true for as long as the scope is open. While Restate cannot be asked the gauge
 * shows nothing, and the failure is logged when it begins, not at every poll.
 */
export const PausedInvocationsGauge: Layer.Layer<never, never, RestateAdmin | WorkflowMetrics> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const admin = yield* RestateAdmin
    const metrics = yield* WorkflowMetrics
    const failing = yield* Ref.make(false)

    const succeeded = (counts: ReadonlyMap<string, number>) =>
      Effect.zipRight(metrics.setPausedInvocations(Option.some(counts)), Ref.set(failing, false))
    const failed = (error: RestateAdminError) =>
      Effect.gen(function* () {
        yield* metrics.setPausedInvocations(Option.none())
        if (!(yield* Ref.getAndSet(failing, true))) {
          yield* Effect.logWarning("The number of paused invocations is not known", { problem: error.message })
        }
      })

    yield* Effect.matchEffect(admin.pausedInvocations, { onSuccess: succeeded, onFailure: failed }).pipe(
      Effect.repeat(Schedule.spaced(pollInterval)),
      Effect.forkScoped
    )
  })
)
