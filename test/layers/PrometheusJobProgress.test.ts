import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PrometheusJobProgressLive } from "../../src/layers/metrics/PrometheusJobProgress.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { JobProgress } from "../../src/services/JobProgress.ts"

describe("the progress of a job", () => {
  it.effect("is a gauge that shows the last report of each job", () =>
    Effect.gen(function* () {
      const jobs = yield* JobProgress
      const registry = yield* PrometheusRegistry
      yield* jobs.report("key_refill", 1000)
      yield* jobs.report("quota_check", 7)
      yield* jobs.report("key_refill", 2000)
      const text = yield* Effect.promise(() => registry.metrics())
      assert.include(text, 'control_plane_worker_job_items_done{task="key_refill"} 2000\n')
      assert.include(text, 'control_plane_worker_job_items_done{task="quota_check"} 7\n')
    }).pipe(Effect.provide(Layer.provideMerge(PrometheusJobProgressLive, PrometheusRegistryLive)))
  )
})
