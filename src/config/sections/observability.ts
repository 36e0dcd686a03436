import { Duration, LogLevel } from "effect"
import { duration, integer, logLevel, nonEmptyText, ratio } from "../kinds.ts"
import { ignored, withDefault } from "../Setting.ts"

/** Traces, log lines and metrics. */
export const observability = {
  tracing: {
    sampleRate: withDefault(
      ratio,
      0.25,
      "The share of traces that are sampled. Between 0 and 1, the sampling decision of the caller applies. Without an endpoint in the OTEL_ variables, nothing is traced."
    )
  },
  logging: {
    level: withDefault(logLevel, LogLevel.Info, "The minimum level of log lines, one JSON object each."),
    sampleRate: ignored(withDefault(ratio, 1, "All log lines are written.")),
    slowThreshold: ignored(
      withDefault(
        duration({ min: Duration.zero, max: Duration.days(1) }),
        Duration.seconds(1),
        "Metrics and spans have the durations."
      )
    )
  },
  metrics: {
    host: withDefault(nonEmptyText, "0.0.0.0", "The address on which the port of `GET /metrics` listens."),
    prometheusPort: withDefault(integer({ min: 0, max: 65535 }), 0, "The port of `GET /metrics`; 0 disables it.")
  }
}
