import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import {
  CertificateLifeGauge,
  PrometheusCertificateMetricsLive
} from "../../src/layers/metrics/PrometheusCertificateMetrics.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { CertificateMetrics } from "../../src/services/certificate/CertificateMetrics.ts"
import { CertificateStore } from "../../src/services/certificate/CertificateStore.ts"
import { DbError } from "../../src/services/Db.ts"

const metrics = PrometheusCertificateMetricsLive.pipe(Layer.provideMerge(PrometheusRegistryLive))
const shown = Effect.flatMap(PrometheusRegistry, (registry) => Effect.promise(() => registry.metrics()))

describe("metrics of certificates", () => {
  it.effect("count what happened under fixed labels, and problems of unknown types together", () =>
    Effect.gen(function* () {
      const { issuance, order, problem, renewalInfo } = yield* CertificateMetrics
      yield* order("created")
      yield* issuance("renewal", "stored")
      yield* renewalInfo("failed")
      yield* problem("rateLimited")
      yield* problem("urn:something:new")
      yield* problem("urn:something:else")
      const text = yield* shown
      assert.include(text, 'control_plane_worker_acme_orders_total{outcome="created"} 1')
      assert.include(text, 'control_plane_worker_certificate_issuances_total{kind="renewal",outcome="stored"} 1')
      assert.include(text, 'control_plane_worker_acme_renewal_info_total{answer="failed"} 1')
      assert.include(text, 'control_plane_worker_acme_problems_total{type="rateLimited"} 1')
      assert.include(text, 'control_plane_worker_acme_problems_total{type="other"} 2')
    }).pipe(Effect.provide(metrics))
  )

  it.effect("show the lives that certificates have left, also after the database was away", () =>
    Effect.gen(function* () {
      let samples = 0
      const remainingLife = () =>
        Effect.suspend(() =>
          samples++ === 0
            ? new DbError({ operation: "CertificateStore.remainingLife", reason: "connection" })
            : Effect.succeed(new Map([["7d", 3]] as const))
        )
      // The gauge asks for nothing else.
      const store = { remainingLife } as unknown as CertificateStore["Type"]
      yield* Layer.build(CertificateLifeGauge).pipe(Effect.provideService(CertificateStore, store))
      yield* TestClock.adjust("5 minutes")
      const text = yield* shown
      assert.include(text, 'control_plane_worker_certificates{remaining="7d"} 3')
      assert.include(text, 'control_plane_worker_certificates{remaining="expired"} 0')
    }).pipe(Effect.scoped, Effect.provide(metrics))
  )
})
