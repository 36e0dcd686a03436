import { Clock, Duration, Effect, Layer } from "effect"
import { Gauge } from "prom-client"
import { Backlog } from "../../operations/Backlog.ts"
import { keepSampling } from "../telemetry/keepSampling.ts"
import { metricPrefix, PrometheusRegistry } from "./PrometheusRegistry.ts"

/** Every worker queries the database, so this is as slow as alerts on minutes allow. */
const buildsEvery = Duration.seconds(30)
const renewalsEvery = Duration.seconds(60)

/**
 * Updates the backlog gauges for as long as the scope is open. They are cleared while the database is unavailable. Every worker
 * shows the same numbers.
 */
export const BacklogGauges: Layer.Layer<never, never, Backlog | PrometheusRegistry> = Layer.scopedDiscard(
  Effect.gen(function* () {
    const backlog = yield* Backlog
    const registers = [yield* PrometheusRegistry]
    const gauge = <L extends string = never>(name: string, help: string, labelNames: ReadonlyArray<L> = []) => {
      const made = new Gauge({ name: metricPrefix + name, help, labelNames, registers })
      // A gauge without labels starts at zero, before the first sample.
      if (labelNames.length === 0) made.remove()
      return made
    }
    const builds = gauge("builds", "Deployments waiting for a build slot, and running builds.", ["state"])
    const oldest = gauge(
      "oldest_waiting_build_seconds",
      "Waiting time of the longest waiting deployment; 0 if none waits."
    )
    const overdue = gauge("certificate_renewals_overdue", "Certificates whose renewal should have succeeded by now.")

    yield* keepSampling({
      every: buildsEvery,
      sample: Effect.gen(function* () {
        const { running, waiting, waitingSince } = yield* backlog.builds
        const now = yield* Clock.currentTimeMillis
        builds.set({ state: "waiting" }, waiting)
        builds.set({ state: "running" }, running)
        oldest.set(waitingSince === null ? 0 : Math.max(0, now - waitingSince) / 1000)
      }),
      clear: Effect.sync(() => {
        builds.reset()
        oldest.remove()
      }),
      failureMessage: "Cannot query the database for waiting builds"
    })
    yield* keepSampling({
      every: renewalsEvery,
      sample: Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        overdue.set(yield* backlog.overdueRenewals(now))
      }),
      clear: Effect.sync(() => overdue.remove()),
      failureMessage: "Cannot query the database for overdue certificate renewals"
    })
  })
)
