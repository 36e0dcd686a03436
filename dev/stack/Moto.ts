import { access, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Context, Effect, Layer } from "effect"
import { findProgram } from "./Machine.ts"
import { freePort } from "./Port.ts"
import { type ProcessOptions, runProgram, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { devFolder, RunDirectory, RunDirectoryLive } from "./RunDirectory.ts"
import { ComponentMissing, type StackFailure } from "./StackFailure.ts"

const version = "5.2.5"

/** moto's dependencies for Route 53. The extra `server` would install all AWS services: 317 MB instead of 82. */
const packages = [`moto==${version}`, "flask==3.1.3", "flask-cors==6.0.5"]

const component = "moto"
const environment = join(devFolder, `moto-${version}`)
const pythonOf = (folder: string) => join(folder, "bin/python")

const missing = (...reasons: ReadonlyArray<string>) =>
  new ComponentMissing({
    component: `moto ${version}`,
    remedies: ["install Python 3.9 or newer with venv and pip, and reach an index of packages", ...reasons]
  })

const isThere = (path: string) => Effect.isSuccess(Effect.tryPromise(() => access(path)))

/** A virtual environment with moto below `.dev`, kept (ten seconds once). Created atomically. */
const motoPython: Effect.Effect<string, ComponentMissing, RunDirectory> = Effect.gen(function* () {
  if (yield* isThere(environment)) return pythonOf(environment)
  const python = yield* Effect.flatMap(findProgram("python3"), (found) => Effect.mapError(found, () => missing()))
  yield* Effect.logInfo(`moto: pip install ${packages.join(" ")}`)
  const folder = yield* (yield* RunDirectory).folderFor(component)
  const draft = join(folder, "environment")
  const run = (command: string, ...args: ReadonlyArray<string>) =>
    runProgram({ component, command, args, env: process.env, logFile: join(folder, "install.log") })
  yield* Effect.zipRight(
    run(python, "-m", "venv", draft),
    run(pythonOf(draft), "-m", "pip", "install", "--quiet", "--no-compile", ...packages)
  ).pipe(Effect.mapError((failure) => missing(failure.message)))
  // Atomic rename: another run sees the complete folder or none, and the second to finish loses nothing.
  yield* Effect.promise(() => rename(draft, environment).catch(() => rm(draft, { recursive: true, force: true })))
  return pythonOf(environment)
})

/** Null if moto is installed or could be installed, else the reason why not. */
export const whyNoMoto: Effect.Effect<string | null> = motoPython.pipe(
  Effect.as(null),
  Effect.provide(RunDirectoryLive),
  Effect.catchAll((failure) => Effect.succeed(failure.message))
)

/** AWS's API as moto simulates it: a cross-check of the Route 53 simulator. */
export class Moto extends Context.Tag("ctrl-worker/dev/Moto")<Moto, { readonly endpoint: string }>() {}

const start = Effect.gen(function* () {
  const python = yield* motoPython
  const http = yield* HttpClient.HttpClient
  const port = yield* freePort
  const endpoint = `http://127.0.0.1:${port}`
  const options: ProcessOptions = {
    component,
    command: python,
    args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)],
    env: process.env,
    logFile: join(yield* (yield* RunDirectory).folderFor(component), "server.log")
  }
  const server = yield* startProcess(options)
  const answers = HttpClient.filterStatusOk(http).get(`${endpoint}/moto-api/data.json`)
  yield* untilReady(options, server, Effect.asVoid(Effect.scoped(answers)))
  return { endpoint }
}).pipe(
  // Another process may take the port between check and bind; retry with another port.
  Effect.retry({ times: 2, while: (failure) => failure._tag === "ComponentFailed" && failure.reason === "ended" })
)

/** moto's server on a free port of 127.0.0.1, for the layer's lifetime. */
export const moto: Layer.Layer<Moto, StackFailure> = Layer.scoped(Moto, start).pipe(
  Layer.provide(Layer.mergeAll(RunDirectoryLive, FetchHttpClient.layer))
)
