import { Context, Layer } from "effect"
import { collectDefaultMetrics, Registry } from "prom-client"

/** Prefix of every metric name. */
export const metricPrefix = "control_plane_worker_"

/**
 * The registry of all metrics, served by `GET /metrics`. Not the process-wide one, so that two workers in one test process stay
 * separate.
 */
export class PrometheusRegistry extends Context.Tag("ctrl-worker/PrometheusRegistry")<PrometheusRegistry, Registry>() {}

/** A registry with Node's default metrics. */
export const PrometheusRegistryLive: Layer.Layer<PrometheusRegistry> = Layer.sync(PrometheusRegistry, () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
})
