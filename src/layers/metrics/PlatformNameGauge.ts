import { Duration, Effect, Layer } from "effect"
import { Gauge } from "prom-client"
import { CertificateSettings } from "../../services/certificate/CertificateSettings.ts"
import { CertificateStore } from "../../services/certificate/CertificateStore.ts"
import { keepSampling } from "../telemetry/keepSampling.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** Reads a few index rows; every worker queries the database. */
const sampleInterval = Duration.minutes(1)

/**
 * Updates the count of tenants' rows with a name of the platform for as long as the scope is open. The gauge is cleared while
 * the database is unavailable. Every worker shows the same number.
 */
export const PlatformNameGauge: Layer.Layer<never, never, CertificateSettings | CertificateStore | PrometheusRegistry> =
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { infrastructure } = yield* CertificateSettings
      const { findConflicts } = yield* CertificateStore
      const taken = new Gauge({
        name: `${metricPrefix}platform_names_taken`,
        help: "Tenants' rows with a name of the platform.",
        registers: [yield* PrometheusRegistry]
      })
      // The gauge starts at zero, before the first sample.
      taken.remove()
      yield* keepSampling({
        every: sampleInterval,
        sample: Effect.map(findConflicts(infrastructure), ({ length }) => taken.set(length)),
        clear: Effect.sync(() => taken.remove()),
        failureMessage: "Cannot query the database for tenants' rows with a name of the platform"
      })
    })
  )
