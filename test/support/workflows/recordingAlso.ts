import { Effect } from "effect"
import { type MetricEvent, Metrics } from "../../../src/services/Metrics.ts"

/** The provided metrics service, which also passes each event to `observe`. */
export const recordingAlso = (observe: (event: MetricEvent) => void) =>
  Effect.map(Metrics, ({ record }) => ({
    record: (event: MetricEvent) =>
      Effect.zipRight(
        Effect.sync(() => observe(event)),
        record(event)
      )
  }))
