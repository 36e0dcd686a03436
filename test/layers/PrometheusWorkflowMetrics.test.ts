import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import type { Observer } from "effect-restate"
import { PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { boundedLabel, PrometheusWorkflowMetricsLive } from "../../src/layers/metrics/PrometheusWorkflowMetrics.ts"
import { WorkflowMetrics } from "../../src/services/WorkflowMetrics.ts"

const run = <A, E>(program: Effect.Effect<A, E, WorkflowMetrics>) =>
  Effect.provide(program, Layer.provide(PrometheusWorkflowMetricsLive({ version: "1.2.3" }), PrometheusRegistryLive))

const samples = Effect.flatMap(WorkflowMetrics, (metrics) =>
  Effect.map(metrics.render, (text) => text.split("\n").filter((line) => line.startsWith("control_plane_worker_")))
)

describe("workflow metrics", () => {
  it.effect("the bridge can use them as its observer, and what it reports is what is exposed", () =>
    run(
      Effect.gen(function* () {
        const observer: Observer = yield* WorkflowMetrics
        const attempt = { service: "Deploy", handler: "Deploy" }
        observer.attemptStarted(attempt)
        observer.attemptStarted(attempt)
        observer.stepStarted({ ...attempt, step: "load" })
        observer.stepEnded({ ...attempt, step: "load", outcome: "failed", seconds: 0.02, error: "NotFound" })
        observer.attemptEnded({ ...attempt, outcome: "succeeded", seconds: 2 })
        const lines = yield* samples
        const labels = 'service="Deploy",handler="Deploy"'
        assert.includeMembers(lines, [
          `control_plane_worker_attempts_total{${labels},outcome="succeeded"} 1`,
          `control_plane_worker_attempts_in_flight{${labels}} 1`,
          `control_plane_worker_attempt_duration_seconds_sum{${labels}} 2`,
          `control_plane_worker_steps_total{${labels},step="load",outcome="failed"} 1`,
          `control_plane_worker_step_failures_total{${labels},step="load",error="NotFound"} 1`,
          `control_plane_worker_steps_in_flight{${labels}} 0`,
          `control_plane_worker_step_duration_seconds_bucket{le="0.025",${labels},step="load"} 1`,
          `control_plane_worker_step_duration_seconds_bucket{le="0.01",${labels},step="load"} 0`
        ])
      })
    )
  )

  it.effect("an id used as a step name by mistake cannot grow the registry without bound", () =>
    run(
      Effect.gen(function* () {
        const metrics = yield* WorkflowMetrics
        for (let index = 0; index < 2000; index++) {
          metrics.stepEnded({ service: "S", handler: "h", step: `step-${index}`, outcome: "succeeded", seconds: 0 })
        }
        const totals = (yield* samples).filter((line) => line.startsWith("control_plane_worker_steps_total"))
        assert.lengthOf(totals, 513)
        assert.include(
          totals,
          'control_plane_worker_steps_total{service="S",handler="h",step="other",outcome="succeeded"} 1488'
        )
      })
    )
  )

  it.effect("a service that is no longer paused disappears, and an unknown count shows nothing", () =>
    run(
      Effect.gen(function* () {
        const metrics = yield* WorkflowMetrics
        const paused = Effect.map(samples, (lines) => lines.filter((line) => line.includes("paused_invocations{")))
        yield* metrics.setPausedInvocations(
          Option.some(
            new Map([
              ["A", 2],
              ["B", 1]
            ])
          )
        )
        assert.lengthOf(yield* paused, 2)
        yield* metrics.setPausedInvocations(Option.some(new Map([["A", 3]])))
        assert.deepStrictEqual(yield* paused, ['control_plane_worker_paused_invocations{service="A"} 3'])
        yield* metrics.setStuckInvocations(Option.some(new Map([["A", 5]])))
        assert.include(yield* samples, 'control_plane_worker_stuck_invocations{service="A"} 5')
        yield* metrics.setPausedInvocations(Option.none())
        yield* metrics.setStuckInvocations(Option.none())
        assert.deepStrictEqual(yield* paused, [])
        assert.notInclude((yield* samples).join(), "stuck_invocations{")
      })
    )
  )

  it.effect("the watch is down until it is said to be up, and again when it is not", () =>
    run(
      Effect.gen(function* () {
        const metrics = yield* WorkflowMetrics
        const shown = Effect.map(samples, (lines) => lines.filter((line) => line.includes("invocation_watch_up")))
        assert.deepStrictEqual(yield* shown, ["control_plane_worker_invocation_watch_up 0"])
        yield* metrics.setInvocationWatchUp(true)
        assert.deepStrictEqual(yield* shown, ["control_plane_worker_invocation_watch_up 1"])
        yield* metrics.setInvocationWatchUp(false)
        assert.deepStrictEqual(yield* shown, ["control_plane_worker_invocation_watch_up 0"])
      })
    )
  )

  it.effect("pools, build and the process itself are exposed, in a registry of their own", () =>
    run(
      Effect.gen(function* () {
        const metrics = yield* WorkflowMetrics
        yield* metrics.setPoolUsage("primary", { open: 5, idle: 3, queued: 1 })
        assert.includeMembers(yield* samples, [
          'control_plane_worker_database_pool_connections{pool="primary"} 5',
          'control_plane_worker_database_pool_idle_connections{pool="primary"} 3',
          'control_plane_worker_database_pool_queued_requests{pool="primary"} 1'
        ])
        assert.include(yield* metrics.render, "process_cpu_seconds_total")
        const second = yield* run(Effect.flatMap(WorkflowMetrics, (other) => other.render))
        assert.notInclude(second, 'pool="primary"')
      })
    )
  )

  it("a bounded label keeps admitting the values it already knows", () => {
    const bounded = boundedLabel(2)
    assert.deepStrictEqual(["a", "b", "c", "a", "b", "c"].map(bounded), ["a", "b", "other", "a", "b", "other"])
  })
})
