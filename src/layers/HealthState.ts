import { Duration, Effect, Layer, Ref } from "effect"
import { decideLiveness, decideReadiness, Health, type HealthCheckFailed, type Lifecycle } from "../services/Health.ts"

// Half of the second that Kubernetes gives a probe by default.
const checkTimeout = Duration.millis(500)

type Check = Effect.Effect<void, HealthCheckFailed>

/**
 * One line for the probe, never a failure of the probe. A check that cannot be interrupted is left behind at its
 * deadline; a defect is logged and reported without its text, which nobody has cleared of secrets.
 */
const runCheck = (name: string, check: Check): Effect.Effect<string> =>
  check.pipe(
    Effect.as("ok"),
    Effect.catchTag("HealthCheckFailed", (failed) => Effect.succeed(failed.reason)),
    Effect.catchAllDefect((defect) =>
      Effect.as(Effect.logError("A health check has a defect", defect), "failed unexpectedly")
    ),
    Effect.disconnect,
    Effect.timeoutTo({
      duration: checkTimeout,
      onTimeout: () => `no answer within ${Duration.toMillis(checkTimeout)} ms`,
      onSuccess: (result) => result
    }),
    Effect.annotateLogs("check", name)
  )

const runChecks = (registered: ReadonlyMap<string, Check>) =>
  Effect.map(
    Effect.forEach(
      registered,
      ([name, check]) => Effect.map(runCheck(name, check), (result) => [name, result] as const),
      { concurrency: "unbounded" }
    ),
    (results) => Object.fromEntries(results)
  )

/** Lifecycle and checks of this process, in memory. */
export const HealthStateLive: Layer.Layer<Health> = Layer.effect(
  Health,
  Effect.gen(function* () {
    const lifecycle = yield* Ref.make<Lifecycle>("starting")
    const deciding = yield* Ref.make<ReadonlyMap<string, Check>>(new Map())
    const shown = yield* Ref.make<ReadonlyMap<string, Check>>(new Map())
    const addTo = (checks: Ref.Ref<ReadonlyMap<string, Check>>) => (name: string, check: Check) =>
      Ref.update(checks, (registered) => new Map(registered).set(name, check))

    return Health.of({
      markStarted: Ref.update(lifecycle, (state) => (state === "starting" ? "started" : state)),
      beginShutdown: Ref.set(lifecycle, "shutting-down"),
      register: addTo(deciding),
      show: addTo(shown),
      liveness: Effect.map(Ref.get(lifecycle), decideLiveness),
      readiness: Effect.gen(function* () {
        if ((yield* Ref.get(lifecycle)) !== "started") return decideReadiness(yield* Ref.get(lifecycle), {})
        const [decidingResults, shownResults] = yield* Effect.all(
          [Effect.flatMap(Ref.get(deciding), runChecks), Effect.flatMap(Ref.get(shown), runChecks)],
          { concurrency: "unbounded" }
        )
        // The state may have changed while the checks ran.
        return decideReadiness(yield* Ref.get(lifecycle), decidingResults, shownResults)
      })
    })
  })
)
