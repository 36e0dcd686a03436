import { readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect, type Scope, ScopedRef } from "effect"
import { freePort } from "./Port.ts"
import { type ExitStatus, type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

export interface WorkerOptions {
  /** WORKER_ settings, except the ports, which are chosen here. */
  readonly env: Readonly<Record<string, string>>
  /** The program to run; default: the worker. */
  readonly entry?: string
}

/** A worker process that can be killed and restarted on the same ports. */
export interface WorkerProcess {
  /** URLs of its Restate endpoint and its health. */
  readonly url: string
  readonly metrics: string
  readonly pid: Effect.Effect<number>
  /** Sends the signal and waits for the process to end. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<ExitStatus>
  /** Stops the process if it runs, starts it again and waits until it is ready. */
  readonly restart: Effect.Effect<void, ComponentFailed>
  /** The file with the output of its processes. */
  readonly logFile: string
  /** The output of its processes. */
  readonly log: Effect.Effect<string>
  /** Fails if the current process ends unexpectedly. */
  readonly unexpectedEnd: Effect.Effect<never, ComponentFailed>
}

/** `STACK_WORKER` names another build of the worker, such as `dist/main.js`, for whole test suites. */
const defaultEntry = resolve(process.env.STACK_WORKER ?? fileURLToPath(new URL("../../src/main.ts", import.meta.url)))

const isReady = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatus(http, (it) => it === 200).get(url)).pipe(
    Effect.flatMap((response) => response.text),
    Effect.asVoid,
    Effect.provide(FetchHttpClient.layer)
  )

/** Parent domain of custom domain targets. */
export const cnameDomain = "cname.unkey.local"

/** A worker's settings for this stack, by configuration name. */
export const workerEnvironment = (stack: { readonly database: string; readonly restateAdmin: string }) => ({
  WORKER_DATABASE_PRIMARY: stack.database,
  WORKER_RESTATE_ADMIN_URL: stack.restateAdmin,
  WORKER_CNAME_DOMAIN: cnameDomain,
  WORKER_AVAILABLE_REGIONS: "local.dev",
  // Instances here start within a second, so failures are reported as quickly.
  WORKER_DEPLOYS_FAILURE_GRACE: "4s"
})

/** Starts a worker and waits until readiness returns 200; stopped with the scope. */
export const workerProcess = (
  options: WorkerOptions
): Effect.Effect<WorkerProcess, ComponentFailed, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("worker")
    const { http, metrics } = yield* Effect.all({ http: freePort, metrics: freePort })
    const url = `http://127.0.0.1:${http}`
    const processOptions: ProcessOptions = {
      component: "Worker",
      command: process.execPath,
      // As the image's entry point.
      args: ["--disable-sigusr1", "--max-semi-space-size=8", options.entry ?? defaultEntry],
      env: {
        ...process.env,
        WORKER_RESTATE_REGISTER_AS: url,
        ...options.env,
        WORKER_RESTATE_HTTP_PORT: String(http),
        WORKER_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(metrics)
      },
      logFile: join(folder, "worker.log")
    }
    const ready = (started: ManagedProcess) => untilReady(processOptions, started, isReady(`${url}/health/ready`))
    const current = yield* ScopedRef.fromAcquire(startProcess(processOptions))
    const running = ScopedRef.get(current)
    yield* Effect.flatMap(running, ready)
    return {
      url,
      metrics: `http://127.0.0.1:${metrics}/metrics`,
      pid: Effect.map(running, (it) => it.pid),
      kill: (signal) => Effect.flatMap(running, (it) => it.kill(signal)),
      restart: Effect.zipRight(ScopedRef.set(current, startProcess(processOptions)), Effect.flatMap(running, ready)),
      logFile: processOptions.logFile,
      log: Effect.promise(() => readFile(processOptions.logFile, "utf8")),
      unexpectedEnd: Effect.flatMap(running, (it) => it.unexpectedEnd)
    }
  })
