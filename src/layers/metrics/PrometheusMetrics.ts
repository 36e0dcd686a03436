import { Effect, Layer } from "effect"
import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import { type MetricEvent, Metrics, scheduledTasks } from "../../services/Metrics.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"
import { problemLabel } from "./problemLabel.ts"

/** From deploying an existing image to a build that queued for two hours. Seconds. */
const deployBuckets = [5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]

const makeFamilies = (registry: Registry) => {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Counter({ name: metricPrefix + name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Gauge({ name: metricPrefix + name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, labelNames: ReadonlyArray<L>) =>
    new Histogram({ name: metricPrefix + name, help, labelNames, registers, buckets: deployBuckets })
  return {
    deploys: histogram("deploy_duration_seconds", "Time from the creation of a deployment to the end of its deploy.", [
      "outcome"
    ]),
    verifications: counter("domain_verifications_total", "Verifications of custom domains that ended.", ["outcome"]),
    proofs: counter(
      "domain_proofs_total",
      "Changes of custom domains' ownership records: missing, missing for too long, or restored in time.",
      ["event"]
    ),
    givenUp: counter("runs_given_up_total", "Scheduled runs that were abandoned.", ["task"]),
    // Not "job": Prometheus reserves that label for the scrape job and would rename ours.
    jobItems: gauge(
      "job_items_done",
      "Keys refilled or workspaces checked by the latest run that this process worked on.",
      ["task"]
    ),
    orders: counter("acme_orders_total", "Orders by outcome.", ["outcome"]),
    issuances: counter("certificate_issuances_total", "Certificate issuances by kind and outcome.", [
      "kind",
      "outcome"
    ]),
    renewalInfo: counter("acme_renewal_info_total", "Results of renewal information requests.", ["answer"]),
    problems: counter("acme_problems_total", "Certificate problems, by type.", ["type"])
  }
}

const makeMetrics = (registry: Registry) => {
  const families = makeFamilies(registry)
  // Starts at zero, so that increase() sees the first increment.
  for (const task of scheduledTasks) families.givenUp.inc({ task }, 0)
  const recorded = (event: MetricEvent): void => {
    switch (event._tag) {
      case "DeployEnded":
        return families.deploys.observe({ outcome: event.outcome }, Math.max(0, event.seconds))
      case "DomainVerificationEnded":
        return families.verifications.inc({ outcome: event.outcome })
      case "DomainProofChanged":
        return families.proofs.inc({ event: event.change })
      case "RunGivenUp":
        return families.givenUp.inc({ task: event.task })
      case "JobProgressed":
        return families.jobItems.set({ task: event.job }, event.done)
      case "AcmeOrder":
        return families.orders.inc({ outcome: event.outcome })
      case "IssuanceEnded":
        return families.issuances.inc({ kind: event.kind, outcome: event.outcome })
      case "RenewalInfo":
        return families.renewalInfo.inc({ answer: event.answer })
      case "CertificateProblem":
        return families.problems.inc({ type: problemLabel(event.type) })
    }
  }
  return { record: (event: MetricEvent) => Effect.sync(() => recorded(event)) }
}

export const PrometheusMetricsLive: Layer.Layer<Metrics, never, PrometheusRegistry> = Layer.effect(
  Metrics,
  Effect.map(PrometheusRegistry, makeMetrics)
)
