import { Duration, Effect, Layer, Schedule } from "effect"
import { Db } from "../../services/Db.ts"
import { WorkflowMetrics } from "../../services/WorkflowMetrics.ts"

/** Shorter than any scrape interval. */
const sampleInterval = Duration.seconds(5)

/** Updates the pool gauges while the scope is open. */
export const PoolUsageGauge: Layer.Layer<never, never, Db | WorkflowMetrics> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const db = yield* Db
    const metrics = yield* WorkflowMetrics
    const sample = Effect.flatMap(db.usage, (pools) =>
      Effect.forEach(
        pools,
        ({ idle, open, pool, waiting }) => metrics.setPoolUsage(pool, { idle, open, queued: waiting }),
        { discard: true }
      )
    )
    yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(sampleInterval)))
  })
)
