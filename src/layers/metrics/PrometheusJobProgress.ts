import { Effect, Layer } from "effect"
import { Gauge } from "prom-client"
import { JobProgress } from "../../services/JobProgress.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

export const PrometheusJobProgressLive: Layer.Layer<JobProgress, never, PrometheusRegistry> = Layer.effect(
  JobProgress,
  Effect.map(PrometheusRegistry, (registry) => {
    const done = new Gauge({
      name: `${metricPrefix}job_items_done`,
      help: "Keys refilled or workspaces checked by the latest run that this process worked on.",
      // Not "job": Prometheus reserves that label for the scrape job and would rename ours.
      labelNames: ["task"],
      registers: [registry]
    })
    return JobProgress.of({ report: (job, count) => Effect.sync(() => done.set({ task: job }, count)) })
  })
)
