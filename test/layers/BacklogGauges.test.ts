import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Ref, TestClock } from "effect"
import { BacklogGauges } from "../../src/layers/metrics/BacklogGauges.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { Backlog } from "../../src/operations/Backlog.ts"
import { DbError } from "../../src/services/Db.ts"

const away = new DbError({ operation: "Backlog", reason: "connection" })

describe("gauges of the backlog", () => {
  it.scoped("show what waits every half minute, nothing while the database is away, and say so once", () =>
    Effect.gen(function* () {
      const logged: Array<unknown> = []
      const isUp = yield* Ref.make(true)
      const whileUp = <A>(answer: A) =>
        Effect.flatMap(Ref.get(isUp), (up) => (up ? Effect.succeed(answer) : Effect.fail(away)))
      const backlog = Layer.mock(Backlog, {
        builds: whileUp({ waiting: 3, waitingSince: 0, running: 2 }),
        overdueRenewals: () => whileUp(1)
      })
      const capture = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void logged.push(message))
      )
      yield* Layer.build(Layer.provide(BacklogGauges, Layer.merge(backlog, capture)))
      const registry = yield* PrometheusRegistry
      const samples = Effect.map(
        Effect.promise(() => registry.metrics()),
        (text) => text.split("\n").filter((line) => /^control_plane_worker_(builds|oldest|certificate)/.test(line))
      )
      const shown = (age: number) => [
        'control_plane_worker_builds{state="waiting"} 3',
        'control_plane_worker_builds{state="running"} 2',
        `control_plane_worker_oldest_waiting_build_seconds ${age}`,
        "control_plane_worker_certificate_renewals_overdue 1"
      ]
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* samples, shown(0))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(yield* samples, shown(30))
      yield* Ref.set(isUp, false)
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(yield* samples, [])
      assert.lengthOf(logged, 2)
      yield* Ref.set(isUp, true)
      yield* TestClock.adjust("1 minutes")
      assert.lengthOf(yield* samples, 4)
    }).pipe(Effect.provide(PrometheusRegistryLive))
  )
})
