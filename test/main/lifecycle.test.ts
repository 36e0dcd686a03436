import { SqlClient } from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Schedule } from "effect"
import { simulatorDatabase } from "../../dev/simulators/SimulatorDatabase.ts"
import { seedDeployment, seedProject } from "../../dev/simulators/seed.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { freshDatabase } from "../support/stack/Database.ts"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"
import { workerProgram } from "../support/stack/workerProgram.ts"
import { keptConnection } from "./KeptConnection.ts"
import { cannotRun, runWorker } from "./runWorker.ts"

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, wanted: (value: A) => boolean) =>
  effect.pipe(
    Effect.filterOrFail(wanted),
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeout("10 seconds"),
    inRealTime
  )

/** A worker on a database of its own. */
const startWorker = Effect.fnUntraced(function* (settings: Readonly<Record<string, string>> = {}) {
  const restate = yield* RestateClient
  const database = yield* freshDatabase
  const environment = { ...workerEnvironment({ database, restateAdmin: restate.admin }), ...settings }
  const program = yield* workerProgram
  const worker = yield* workerProcess({ env: { ...environment, ...program.env }, entry: program.file })
  const ask = yield* keptConnection
  return {
    database,
    environment,
    restate,
    worker,
    metrics: ask(worker.metrics),
    probe: (path: string) => ask(`${worker.url}/health/${path}`)
  }
})

/** Holds the deployment's row, so that the first step of its deploy that writes runs until the row is let go. */
const holdDeployment = Effect.fnUntraced(function* (deploymentId: string) {
  const sql = yield* SqlClient
  const held = yield* Deferred.make<void>()
  const asked = yield* Deferred.make<void>()
  const holding = yield* sql`SELECT id FROM deployments WHERE id = ${deploymentId} FOR UPDATE`.pipe(
    Effect.zipRight(Deferred.succeed(held, undefined)),
    Effect.zipRight(Deferred.await(asked)),
    sql.withTransaction,
    Effect.forkScoped
  )
  yield* Deferred.await(held)
  const letGo = Effect.zipRight(Deferred.succeed(asked, undefined), Fiber.join(holding))
  return { letGo }
})

const oneStepRuns = 'control_plane_worker_steps_in_flight{service="hydra.v1.DeployService",handler="Deploy"} 1'

/** Reading is over, so what runs is the step that writes. */
const writingStepRuns = (exposed: string) =>
  exposed.includes(oneStepRuns) && exposed.includes('handler="Deploy",step="load-deployment"')

/** A worker in the middle of the first step of a deploy that writes. */
const workerInAStep = Effect.fnUntraced(function* (settings: Readonly<Record<string, string>> = {}) {
  const running = yield* startWorker(settings)
  const { letGo } = yield* Effect.gen(function* () {
    const project = yield* seedProject({ workspaceSlug: "acme", projectSlug: "shop" })
    const deploymentId = yield* seedDeployment(project)
    const held = yield* holdDeployment(deploymentId)
    const request = { deploymentId, dockerImage: { image: "app:1" } }
    yield* running.restate.send(`hydra.v1.DeployService/${project.id}/Deploy`, request)
    return held
  }).pipe(Effect.provide(yield* Layer.build(simulatorDatabase(running.database))))
  yield* until(running.metrics, ({ body }) => writingStepRuns(body))
  return { ...running, letGo }
})

const families = [
  "control_plane_worker_attempts_total",
  "control_plane_worker_attempt_duration_seconds",
  "control_plane_worker_attempts_in_flight",
  "control_plane_worker_steps_total",
  "control_plane_worker_step_duration_seconds",
  "control_plane_worker_steps_in_flight",
  "control_plane_worker_paused_invocations",
  "control_plane_worker_invocation_watch_up",
  "control_plane_worker_database_pool_connections",
  "control_plane_worker_build_info",
  "process_cpu_seconds_total"
]

describe("a running worker", () => {
  it.layer(Layer.merge(testRestate(), RunDirectoryLive))((it) => {
    it.scoped(
      "is ready once its database answers and Restate knows it, and shows its metrics on a port of their own",
      () =>
        Effect.gen(function* () {
          const { metrics, probe } = yield* startWorker()
          const { body, status } = yield* probe("ready")
          assert.strictEqual(status, 200)
          assert.deepStrictEqual(JSON.parse(body), {
            status: "ok",
            checks: { database: "ok", restate: "ok", "new work": "ok" }
          })
          const exposed = (yield* metrics).body
          for (const family of families) assert.include(exposed, `# TYPE ${family} `)
          assert.match(exposed, /^control_plane_worker_database_pool_connections\{pool="primary"\} [1-9]/m)
        })
    )

    it.scoped("keeps a second worker from starting on its port", () =>
      Effect.gen(function* () {
        const { environment, worker } = yield* startWorker()
        const { port } = new URL(worker.url)
        const second = yield* runWorker({ ...environment, WORKER_RESTATE_HTTP_PORT: port })
        assert.deepStrictEqual(second, cannotRun(`cannot listen on 0.0.0.0:${port}: EADDRINUSE`))
      })
    )

    it.scoped("tells that it shuts down, lets a running step end, and exits with 0", () =>
      Effect.gen(function* () {
        const { letGo, metrics, probe, worker } = yield* workerInAStep()
        yield* probe("ready")
        const ending = yield* Effect.fork(worker.kill("SIGTERM"))
        const unready = yield* until(probe("ready"), ({ status }) => status !== 200)
        assert.deepStrictEqual(unready, { status: 503, body: '{"status":"shutting down"}' })
        assert.deepStrictEqual(yield* probe("live"), { status: 200, body: '{"status":"ok"}' })
        assert.isTrue(Option.isNone(yield* Fiber.poll(ending)))

        yield* letGo
        assert.deepStrictEqual(yield* Fiber.join(ending), { code: 0, signal: null })
        yield* worker.restart
        const { body } = yield* until(metrics, (answer) => answer.body.includes('step="check-instances"'))
        // Restate has the result of the step that was running: the next process did not run it again.
        assert.notInclude(body, 'step="enter-queued"')
      })
    )

    it.scoped("is not killed by further signals while a step ends", () =>
      Effect.gen(function* () {
        const { letGo, probe, worker } = yield* workerInAStep()
        yield* probe("ready")
        const pid = yield* worker.pid
        const ending = yield* Effect.fork(worker.kill("SIGTERM"))
        yield* until(probe("ready"), ({ status }) => status !== 200)
        for (const signal of ["SIGTERM", "SIGINT", "SIGINT"]) process.kill(pid, signal)
        assert.deepStrictEqual(yield* probe("live"), { status: 200, body: '{"status":"ok"}' })
        assert.isTrue(Option.isNone(yield* Fiber.poll(ending)))
        yield* letGo
        assert.deepStrictEqual(yield* Fiber.join(ending), { code: 0, signal: null })
      })
    )

    it.scoped("does not wait longer than it may for a step that does not end", () =>
      Effect.gen(function* () {
        const { worker } = yield* workerInAStep({ WORKER_RESTATE_DRAIN_TIMEOUT: "300ms" })
        const ended = worker.kill("SIGTERM").pipe(Effect.timeout("4 seconds"), inRealTime)
        assert.deepStrictEqual(yield* ended, { code: 0, signal: null })
      })
    )
  })
})
