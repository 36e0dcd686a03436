import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Context, Effect, Layer, Ref, ScopedRef } from "effect"
import { freePort } from "../../../../dev/stack/Port.ts"
import { type ProcessOptions, startProcess } from "../../../../dev/stack/Process.ts"
import { untilReady } from "../../../../dev/stack/Readiness.ts"
import { findRestate, type RestateOptions, startRestate } from "../../../../dev/stack/RestateProgram.ts"
import { RunDirectory, RunDirectoryLive } from "../../../../dev/stack/RunDirectory.ts"
import { makeIdentityKey } from "../../../../test/support/requestIdentity.ts"
import { RestateClient, restateClient } from "../../../../test/support/stack/Restate.ts"

/** A process that a case ends and starts again, at the same address. */
export interface Restartable {
  readonly url: string
  readonly restart: (signal: "SIGTERM" | "SIGKILL") => Effect.Effect<void>
}

/** The Restate server, and the process that serves the services of the suite to it. */
export class Deployment extends Context.Tag("test/Deployment")<
  Deployment,
  { readonly server: Restartable; readonly endpoint: Restartable }
>() {}

/** Retries that production spreads over minutes would only make a test slow. */
const quickRetries = {
  RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL: "50ms",
  RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL: "500ms",
  RESTATE_ADMIN__DISABLE_WEB_UI: "true"
}

const startServer = (options: RestateOptions) =>
  Effect.gen(function* () {
    const program = yield* Effect.orDieWith(yield* findRestate, () => new Error("no restate-server: run npm ci"))
    const running = yield* startRestate(program, { ...options, env: { ...quickRetries, ...options.env } })
    const current = yield* Ref.make(running.process)
    const restart: Restartable["restart"] = (signal) =>
      Ref.get(current).pipe(
        Effect.flatMap((started) => started.kill(signal)),
        Effect.zipRight(running.startAgain),
        Effect.flatMap((started) => Ref.set(current, started)),
        Effect.orDie
      )
    return { addresses: running, server: { url: running.ingress, restart } }
  })

const isHealthy = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).get(`${url}/health`)).pipe(
    Effect.flatMap((response) => response.text),
    Effect.asVoid,
    Effect.provide(FetchHttpClient.layer)
  )

const startEndpoint = (env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("endpoint")
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const options: ProcessOptions = {
      component: "Services of the conformance suite",
      command: process.execPath,
      args: [fileURLToPath(new URL("server.ts", import.meta.url))],
      env: { ...process.env, ...env, PORT: String(port) },
      logFile: join(folder, "endpoint.log")
    }
    const current = yield* ScopedRef.fromAcquire(startProcess(options))
    const running = ScopedRef.get(current)
    const ready = Effect.flatMap(running, (it) => untilReady(options, it, isHealthy(url)))
    yield* ready
    const restart: Restartable["restart"] = (signal) =>
      Effect.flatMap(running, (it) => it.kill(signal)).pipe(
        Effect.zipRight(ScopedRef.set(current, startProcess(options))),
        Effect.zipRight(ready),
        Effect.orDie
      )
    return { url, restart }
  })

/** A server with these settings, and the suite's services registered with it. The server signs, the services check. */
export const deployment = (options: RestateOptions) =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const identity = makeIdentityKey()
      const run = yield* RunDirectory
      const keyFile = join(yield* run.folderFor("identity"), "key.pem")
      yield* Effect.promise(() => writeFile(keyFile, identity.privateKey.export({ type: "pkcs8", format: "pem" })))
      const signing = { RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: keyFile }
      const { addresses, server } = yield* startServer({ ...options, env: { ...signing, ...options.env } })
      const endpoint = yield* startEndpoint({ E2E_REQUEST_SIGNING: identity.publicKey })
      const client = restateClient(yield* HttpClient.HttpClient, addresses)
      yield* client.register(endpoint.url)
      return Context.make(Deployment, { server, endpoint }).pipe(Context.add(RestateClient, client))
    })
  ).pipe(Layer.provide(FetchHttpClient.layer), Layer.provide(RunDirectoryLive))
