import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { PrometheusMetricsLive } from "../../src/layers/metrics/PrometheusMetrics.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { building, fromGit } from "../support/workflows/builds.ts"
import { advance, ControlPlane, drain, on } from "../support/workflows/ControlPlane.ts"
import { publishAll, verifyDomain, withDomain, withDomains } from "../support/workflows/CustomDomains.ts"
import { deploy, deployWith, submitFromGit } from "../support/workflows/commands.ts"
import { pending, shop } from "../support/workflows/seeds.ts"

const outcomes = PrometheusMetricsLive.pipe(Layer.provideMerge(PrometheusRegistryLive))

/** Runs a test with what `/metrics` says of outcomes, without buckets and sums. */
const counting = <A, E, R>(test: (counted: Effect.Effect<ReadonlyArray<string>>) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(PrometheusRegistry, (registry) =>
    test(
      Effect.map(
        Effect.promise(() => registry.metrics()),
        (text) =>
          text
            .split("\n")
            .filter((line) => /^control_plane_worker_(deploy_duration_seconds_count|domain_verif)/.test(line))
            .map((line) => line.replace("control_plane_worker_", ""))
      )
    )
  ).pipe(Effect.provide(outcomes))

const day = 24 * 60 * 60_000

describe("outcomes", () => {
  for (const suspend of ["never", "always"] as const) {
    it.effect(`of deploys are counted once each, however often they are replayed (suspended ${suspend})`, () =>
      counting((counted) =>
        Effect.gen(function* () {
          yield* shop
          yield* pending("d_1", 1)
          yield* deploy("d_1")
          yield* deploy("d_1")
          assert.deepStrictEqual(yield* counted, ['deploy_duration_seconds_count{outcome="ready"} 1'])
          yield* pending("d_2", 2)
          yield* deployWith("proj_shop", { deploymentId: "d_2", command: [], dockerImage: { image: " " } })
          assert.deepStrictEqual(yield* counted, [
            'deploy_duration_seconds_count{outcome="ready"} 1',
            'deploy_duration_seconds_count{outcome="failed"} 1'
          ])
        }).pipe(on({ suspend }))
      )
    )
  }

  it.effect("of a deploy that a newer commit supersedes are no failures", () =>
    counting((counted) =>
      Effect.gen(function* () {
        const { engine } = yield* ControlPlane
        yield* shop
        for (const nth of [1, 2, 3]) yield* fromGit(`d_${nth}`, nth, "main")
        for (const nth of [1, 2, 3]) {
          yield* submitFromGit(`d_${nth}`)
          yield* engine.advance("500 millis")
        }
        assert.deepStrictEqual(yield* counted, ['deploy_duration_seconds_count{outcome="superseded"} 1'])
        yield* engine.drain
        assert.deepStrictEqual(yield* counted, [
          'deploy_duration_seconds_count{outcome="superseded"} 1',
          'deploy_duration_seconds_count{outcome="ready"} 2'
        ])
      }).pipe(on(building))
    )
  )

  it.effect("of a verification are counted when it ends, and not again when the domain is looked after", () =>
    counting((counted) =>
      Effect.gen(function* () {
        yield* withDomain()
        yield* publishAll
        yield* verifyDomain
        yield* drain
        yield* verifyDomain
        yield* drain
        assert.deepStrictEqual(yield* counted, ['domain_verifications_total{outcome="verified"} 1'])
      }).pipe(withDomains())
    )
  )

  it.effect("of a verification that never succeeds are counted as one failure, after a day", () =>
    counting((counted) =>
      Effect.gen(function* () {
        yield* withDomain()
        yield* verifyDomain
        yield* advance(day / 2)
        assert.deepStrictEqual(yield* counted, [])
        yield* advance(day)
        assert.deepStrictEqual(yield* counted, ['domain_verifications_total{outcome="failed"} 1'])
      }).pipe(withDomains())
    )
  )
})
