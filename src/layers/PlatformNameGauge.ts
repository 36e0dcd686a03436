import { Duration, Effect, Layer } from "effect"
import { Gauge } from "prom-client"
import { CertificateSettings } from "../services/CertificateSettings.ts"
import { CertificateStore } from "../services/CertificateStore.ts"
import { keepSampling } from "./keepSampling.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** A few rows of an index; every worker asks the database. */
const sampleInterval = Duration.minutes(1)

/**
 * Keeps the count of tenants' rows that have one of the platform's own names true for as long as the scope is open; while the
 * database cannot be asked it shows nothing. Every worker shows the same number.
 */
export const PlatformNameGauge: Layer.Layer<never, never, CertificateSettings | CertificateStore | PrometheusRegistry> =
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { infrastructure } = yield* CertificateSettings
      const { takenBy } = yield* CertificateStore
      const taken = new Gauge({
        name: `${metricPrefix}platform_names_taken`,
        help: "Rows of tenants that have one of the platform's own names.",
        registers: [yield* PrometheusRegistry]
      })
      // Born as zero, which has not been counted yet.
      taken.remove()
      yield* keepSampling({
        every: sampleInterval,
        sample: Effect.map(takenBy(infrastructure), ({ length }) => taken.set(length)),
        hide: Effect.sync(() => taken.remove()),
        unknown: "It is not known whether a tenant's row has one of the platform's own names"
      })
    })
  )
