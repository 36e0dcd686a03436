import { Effect, Option, type Scope } from "effect"
import type { Implementation } from "effect-restate"
import { type EndpointUnavailable, Restate } from "effect-restate/node"
import { WorkerConfig } from "../config.ts"
import { healthListener } from "../http/health.ts"
import { databaseProblemOf } from "../layers/mysql/loginRefusals.ts"
import { Health, HealthCheckFailed } from "../operations/Health.ts"
import type { RestateAdmin, RestateAdminError } from "../operations/RestateAdmin.ts"
import { registerAs } from "../operations/registerAs.ts"
import { Db } from "../services/Db.ts"
import { WorkflowMetrics } from "../services/WorkflowMetrics.ts"

/**
 * Opens the port for Restate and the probes; closing drains it. Answers with the served handlers, as `Service/handler`.
 */
const openEndpoint = <R>(workflows: ReadonlyArray<Implementation<R>>) =>
  Effect.gen(function* () {
    const { restate } = yield* WorkerConfig
    const metrics = yield* WorkflowMetrics
    yield* Restate.listen({
      services: workflows,
      observer: metrics,
      host: restate.httpHost,
      port: restate.httpPort,
      identityKeys: restate.requestIdentityKeys,
      drain: restate.drainTimeout,
      bounds: { attempts: restate.concurrentAttempts },
      onWaiting: metrics.setWaitingAttempts,
      beside: { prefix: "/health/", listener: yield* healthListener }
    })
    return workflows.flatMap(({ contract }) =>
      Object.keys(contract.handlers).map((handler) => `${contract.name}/${handler}`)
    )
  })

const checkDatabase = Effect.gen(function* () {
  const health = yield* Health
  const db = yield* Db
  const reachable = db.ping.pipe(
    Effect.mapError((error) => new HealthCheckFailed({ reason: databaseProblemOf(error) ?? error.reason })),
    // Not traced: probes arrive every few seconds.
    Effect.withTracerEnabled(false)
  )
  yield* health.register("database", reachable)
})

/**
 * From here on the process accepts work. Acquired last and released first, so readiness ends before the drain begins.
 */
const markStarted = Effect.gen(function* () {
  const health = yield* Health
  const beginShutdown = Effect.zipRight(Effect.logInfo("Shutting down"), health.beginShutdown)
  yield* Effect.acquireRelease(health.markStarted, () => beginShutdown)
})

/** Serves the workflows until the scope closes. Logs `Started` once Restate can call it. */
export const serve = <R>(
  workflows: ReadonlyArray<Implementation<R>>
): Effect.Effect<
  void,
  EndpointUnavailable | RestateAdminError,
  R | Db | Health | RestateAdmin | Scope.Scope | WorkerConfig | WorkflowMetrics
> =>
  Effect.gen(function* () {
    const { restate } = yield* WorkerConfig
    yield* checkDatabase
    const handlers = yield* openEndpoint(workflows)
    if (Option.isSome(restate.registerAs)) {
      yield* registerAs({ uri: restate.registerAs.value, force: restate.forceRegistration, handlers })
    }
    yield* markStarted
    yield* Effect.logInfo("Started")
  })
