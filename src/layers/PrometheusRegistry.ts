import { Context, Layer } from "effect"
import { collectDefaultMetrics, Registry } from "prom-client"

/** What every family's name begins with. */
export const metricPrefix = "control_plane_worker_"

/**
 * Where layers register their metric families, and what `GET /metrics` shows. Its own, never the process-wide one, so that
 * two workers in one test process do not meet.
 */
export class PrometheusRegistry extends Context.Tag("ctrl-worker/PrometheusRegistry")<PrometheusRegistry, Registry>() {}

/** An empty registry with Node's own families. */
export const PrometheusRegistryLive: Layer.Layer<PrometheusRegistry> = Layer.sync(PrometheusRegistry, () => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
})
