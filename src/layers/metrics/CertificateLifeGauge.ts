import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { Gauge } from "prom-client"
import { CertificateStore, remainingLifeClasses } from "../../services/certificate/CertificateStore.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** Lifetimes are counted in days and every replica queries the database, so this is slow. */
const sampleInterval = Duration.minutes(5)

/**
 * Updates the gauge of remaining lifetimes for as long as the scope is open; a class without certificates is zero. Retries while
 * the database is unavailable.
 */
export const CertificateLifeGauge: Layer.Layer<never, never, CertificateStore | PrometheusRegistry> =
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const store = yield* CertificateStore
      const lives = new Gauge({
        name: `${metricPrefix}certificates`,
        help: "Certificates by remaining lifetime; each class ends where the next begins.",
        labelNames: ["remaining"],
        registers: [yield* PrometheusRegistry]
      })
      const sample = Effect.flatMap(Clock.currentTimeMillis, store.remainingLife).pipe(
        Effect.flatMap((counts) =>
          Effect.forEach(
            remainingLifeClasses,
            (remaining) => Effect.sync(() => lives.set({ remaining }, counts.get(remaining) ?? 0)),
            { discard: true }
          )
        ),
        Effect.catchAll((error) =>
          Effect.logWarning("Cannot query the database for remaining certificate lifetimes", { problem: error.message })
        )
      )
      yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(sampleInterval)))
    })
  )
