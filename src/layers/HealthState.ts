import { Duration, Effect, Fiber, Layer, Ref, type Scope } from "effect"
import {
  type CheckResults,
  Health,
  type HealthCheckFailed,
  type HealthReport,
  type Lifecycle,
  livenessReport,
  readinessReport
} from "../operations/Health.ts"

// Half of the default probe timeout of Kubernetes, one second.
const checkTimeout = Duration.millis(500)

/** Longer than a run, so that runs do not overlap. */
const resultLifetime = Duration.seconds(1)

/**
 * Concurrent callers of one run. A run of 500 ms gets 250 of the 500 requests a second that a worker must handle; each waiting
 * caller is a connection and a fiber, about 20 KiB.
 */
const maxWaiting = 256

type Check = Effect.Effect<void, HealthCheckFailed>

interface Results {
  readonly deciding: CheckResults
  readonly shown: CheckResults
}

/**
 * The result of a check as text; never fails. A check that cannot be interrupted is abandoned at its deadline. A defect is
 * logged and reported without its text, which may hold a secret.
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

const runChecks = (registered: ReadonlyMap<string, Check>): Effect.Effect<CheckResults> =>
  Effect.map(
    Effect.forEach(
      registered,
      ([name, check]) => Effect.map(runCheck(name, check), (result) => [name, result] as const),
      { concurrency: "unbounded" }
    ),
    (results) => Object.fromEntries(results)
  )

const busy: HealthReport = { status: 503, body: { status: "too many requests" } }

/**
 * The result of a run that started within the last second, or of a new one. A run belongs to the scope, not to its first
 * caller, so a caller that disconnects does not interrupt it. `again` invalidates the result.
 */
const shareRuns = <A>(
  run: Effect.Effect<A>
): Effect.Effect<readonly [Effect.Effect<A>, Effect.Effect<void>], never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const [latest, again] = yield* Effect.cachedInvalidateWithTTL(Effect.forkIn(run, scope), resultLifetime)
    return [Effect.flatMap(latest, Fiber.join), again] as const
  })

/** Returns `busy` at once when the maximum number of callers wait. */
const boundWaiting = (report: Effect.Effect<HealthReport>): Effect.Effect<HealthReport> => {
  let waiting = 0
  return Effect.suspend(() => {
    if (waiting >= maxWaiting) return Effect.succeed(busy)
    waiting += 1
    return Effect.ensuring(
      report,
      Effect.sync(() => {
        waiting -= 1
      })
    )
  })
}

/** Lifecycle and health checks of this process, in memory. */
export const HealthStateLive: Layer.Layer<Health> = Layer.scoped(
  Health,
  Effect.gen(function* () {
    const lifecycle = yield* Ref.make<Lifecycle>("starting")
    const deciding = yield* Ref.make<ReadonlyMap<string, Check>>(new Map())
    const shown = yield* Ref.make<ReadonlyMap<string, Check>>(new Map())
    const run: Effect.Effect<Results> = Effect.all(
      { deciding: Effect.flatMap(Ref.get(deciding), runChecks), shown: Effect.flatMap(Ref.get(shown), runChecks) },
      { concurrency: "unbounded" }
    )
    const [findings, invalidate] = yield* shareRuns(run)
    const addTo = (checks: Ref.Ref<ReadonlyMap<string, Check>>) => (name: string, check: Check) =>
      Effect.zipRight(
        Ref.update(checks, (registered) => new Map(registered).set(name, check)),
        invalidate
      )
    // The lifecycle may have changed while the checks ran or since.
    const checked = Effect.flatMap(findings, (found) =>
      Effect.map(Ref.get(lifecycle), (state) => readinessReport(state, found.deciding, found.shown))
    )
    const waited = boundWaiting(checked)

    return Health.of({
      markStarted: Ref.update(lifecycle, (state) => (state === "starting" ? "started" : state)),
      beginShutdown: Ref.set(lifecycle, "shutting-down"),
      register: addTo(deciding),
      registerInformational: addTo(shown),
      liveness: Effect.map(Ref.get(lifecycle), livenessReport),
      readiness: Effect.flatMap(Ref.get(lifecycle), (state) =>
        state === "started" ? waited : Effect.succeed(readinessReport(state, {}))
      )
    })
  })
)
