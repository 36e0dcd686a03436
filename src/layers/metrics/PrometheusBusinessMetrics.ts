import { Effect, Layer } from "effect"
import { Counter, Histogram } from "prom-client"
import { BusinessMetrics, scheduledTasks } from "../../services/BusinessMetrics.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** From deploying an existing image to a build that queued for two hours. Seconds. */
const deployBuckets = [5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]

export const PrometheusBusinessMetricsLive: Layer.Layer<BusinessMetrics, never, PrometheusRegistry> = Layer.effect(
  BusinessMetrics,
  Effect.map(PrometheusRegistry, (registry) => {
    const registers = [registry]
    const deploys = new Histogram({
      name: `${metricPrefix}deploy_duration_seconds`,
      help: "Time from the creation of a deployment to the end of its deploy.",
      labelNames: ["outcome"],
      buckets: deployBuckets,
      registers
    })
    const verifications = new Counter({
      name: `${metricPrefix}domain_verifications_total`,
      help: "Verifications of custom domains that ended.",
      labelNames: ["outcome"],
      registers
    })
    const proofs = new Counter({
      name: `${metricPrefix}domain_proofs_total`,
      help: "Changes of custom domains' ownership records: missing, missing for too long, or restored in time.",
      labelNames: ["event"],
      registers
    })
    const givenUp = new Counter({
      name: `${metricPrefix}runs_given_up_total`,
      help: "Scheduled runs that were abandoned.",
      labelNames: ["task"],
      registers
    })
    // Starts at zero, so that increase() sees the first increment.
    for (const task of scheduledTasks) givenUp.inc({ task }, 0)
    return {
      deploy: (outcome, seconds) => Effect.sync(() => deploys.observe({ outcome }, Math.max(0, seconds))),
      domainVerification: (outcome) => Effect.sync(() => verifications.inc({ outcome })),
      domainProof: (event) => Effect.sync(() => proofs.inc({ event })),
      runGivenUp: (task) => Effect.sync(() => givenUp.inc({ task }))
    }
  })
)
