import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref, TestClock } from "effect"
import { PlatformNameGauge } from "../../src/layers/metrics/PlatformNameGauge.ts"
import { PrometheusRegistry, PrometheusRegistryLive } from "../../src/layers/metrics/PrometheusRegistry.ts"
import { CertificateSettings } from "../../src/services/certificate/CertificateSettings.ts"
import { CertificateStore } from "../../src/services/certificate/CertificateStore.ts"
import { DbError } from "../../src/services/Db.ts"
import { named } from "../support/named.ts"

const wildcard = named("*.unkey.test")
const away = new DbError({ operation: "CertificateStore.findConflicts", reason: "connection" })

describe("the gauge of the platform's own names", () => {
  it.scoped("counts the rows of tenants that have one, and shows nothing while the database is away", () =>
    Effect.gen(function* () {
      const rows = yield* Ref.make(0)
      const isUp = yield* Ref.make(true)
      const findConflicts = (names: ReadonlyArray<typeof wildcard>) =>
        Effect.gen(function* () {
          if (!(yield* Ref.get(isUp))) return yield* away
          assert.deepStrictEqual(names, [wildcard])
          const row = { id: "dom_1", name: wildcard, workspaceId: "ws_evil" }
          return Array.from({ length: yield* Ref.get(rows) }, () => row)
        })
      const settings = {
        isEnabled: true,
        hasDnsProvider: true,
        infrastructure: [wildcard],
        platformApexes: [],
        delegationDomain: null
      }
      const needs = Layer.merge(
        Layer.mock(CertificateStore, { findConflicts }),
        Layer.succeed(CertificateSettings, settings)
      )
      yield* Layer.build(Layer.provide(PlatformNameGauge, needs))
      const registry = yield* PrometheusRegistry
      const shown = Effect.map(
        Effect.promise(() => registry.metrics()),
        (text) => text.split("\n").filter((line) => line.startsWith("control_plane_worker_platform_names_taken "))
      )
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* shown, ["control_plane_worker_platform_names_taken 0"])
      yield* Ref.set(rows, 2)
      yield* TestClock.adjust("1 minutes")
      assert.deepStrictEqual(yield* shown, ["control_plane_worker_platform_names_taken 2"])
      yield* Ref.set(isUp, false)
      yield* TestClock.adjust("1 minutes")
      assert.deepStrictEqual(yield* shown, [])
    }).pipe(Effect.provide(PrometheusRegistryLive))
  )
})
