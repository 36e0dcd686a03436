import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { CertificateLifeGauge } from "../../src/layers/metrics/CertificateLifeGauge.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { CertificateStore } from "../../src/services/certificate/CertificateStore.ts"
import { DbError } from "../../src/services/Db.ts"

describe("the gauge of remaining lifetimes", () => {
  it.effect("shows the lives that certificates have left, also after the database was away", () =>
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
      const registry = yield* PrometheusRegistry
      const text = yield* Effect.promise(() => registry.metrics())
      assert.include(text, 'control_plane_worker_certificates{remaining="7d"} 3')
      assert.include(text, 'control_plane_worker_certificates{remaining="expired"} 0')
    }).pipe(Effect.scoped, Effect.provide(PrometheusRegistryLive))
  )
})
