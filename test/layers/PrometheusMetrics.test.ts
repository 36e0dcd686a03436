import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PrometheusMetricsLive } from "../../src/layers/metrics/PrometheusMetrics.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { recordMetric } from "../../src/services/Metrics.ts"

const metrics = PrometheusMetricsLive.pipe(Layer.provideMerge(PrometheusRegistryLive))
const shown = Effect.flatMap(PrometheusRegistry, (registry) => Effect.promise(() => registry.metrics()))

describe("metrics of certificates", () => {
  it.effect("count what happened under fixed labels, and problems of unknown types together", () =>
    Effect.gen(function* () {
      yield* recordMetric({ _tag: "AcmeOrder", outcome: "created" })
      yield* recordMetric({ _tag: "IssuanceEnded", kind: "renewal", outcome: "stored" })
      yield* recordMetric({ _tag: "RenewalInfo", answer: "failed" })
      yield* recordMetric({ _tag: "CertificateProblem", type: "rateLimited" })
      yield* recordMetric({ _tag: "CertificateProblem", type: "urn:something:new" })
      yield* recordMetric({ _tag: "CertificateProblem", type: "urn:something:else" })
      const text = yield* shown
      assert.include(text, 'control_plane_worker_acme_orders_total{outcome="created"} 1')
      assert.include(text, 'control_plane_worker_certificate_issuances_total{kind="renewal",outcome="stored"} 1')
      assert.include(text, 'control_plane_worker_acme_renewal_info_total{answer="failed"} 1')
      assert.include(text, 'control_plane_worker_acme_problems_total{type="rateLimited"} 1')
      assert.include(text, 'control_plane_worker_acme_problems_total{type="other"} 2')
    }).pipe(Effect.provide(metrics))
  )
})

describe("metrics of scheduled work", () => {
  it.effect("show the last progress of each job", () =>
    Effect.gen(function* () {
      yield* recordMetric({ _tag: "JobProgressed", job: "key_refill", done: 1000 })
      yield* recordMetric({ _tag: "JobProgressed", job: "quota_check", done: 7 })
      yield* recordMetric({ _tag: "JobProgressed", job: "key_refill", done: 2000 })
      const text = yield* shown
      assert.include(text, 'control_plane_worker_job_items_done{task="key_refill"} 2000\n')
      assert.include(text, 'control_plane_worker_job_items_done{task="quota_check"} 7\n')
    }).pipe(Effect.provide(metrics))
  )

  it.effect("count a run that is given up and a changed proof of a domain, and start at zero for every task", () =>
    Effect.gen(function* () {
      yield* recordMetric({ _tag: "RunGivenUp", task: "key_refill" })
      yield* recordMetric({ _tag: "DomainProofChanged", change: "withdrawn" })
      const text = yield* shown
      assert.include(text, 'control_plane_worker_runs_given_up_total{task="key_refill"} 1\n')
      assert.include(text, 'control_plane_worker_runs_given_up_total{task="cert_renewal"} 0\n')
      assert.include(text, 'control_plane_worker_domain_proofs_total{event="withdrawn"} 1\n')
    }).pipe(Effect.provide(metrics))
  )
})
