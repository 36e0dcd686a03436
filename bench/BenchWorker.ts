import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Schedule } from "effect"
import { build } from "esbuild"
import { freePort } from "../dev/stack/Port.ts"
import { startProcess } from "../dev/stack/Process.ts"
import { untilReady } from "../dev/stack/Readiness.ts"
import { RestateServer } from "../dev/stack/RestateServer.ts"
import { RunDirectory } from "../dev/stack/RunDirectory.ts"
import { askWorker } from "./Load.ts"

/** Bundles an entry of this repository as production does, packages left outside. */
export const bundle = (entry: string, outfile: string): Effect.Effect<string> =>
  Effect.promise(() =>
    build({
      entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node24",
      sourcemap: true
    })
  ).pipe(Effect.as(outfile))

/** Has Restate call what is at this address. */
export const register = (admin: string, uri: string) =>
  HttpClientRequest.post(`${admin}/deployments`).pipe(
    HttpClientRequest.bodyUnsafeJson({ uri }),
    (request) => Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).execute(request)),
    Effect.flatMap((response) => response.text),
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 10 }),
    Effect.provide(FetchHttpClient.layer)
  )

/** The bench's worker in a process of its own, registered with the Restate server. Answers with its address. */
export const benchWorker = Effect.gen(function* () {
  const { admin } = yield* RestateServer
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("bench")
  const entry = yield* bundle("worker.ts", join(folder, "worker.mjs"))
  const port = yield* freePort
  const barePort = yield* freePort
  const url = `http://127.0.0.1:${port}`
  const options = {
    component: "Bench worker",
    command: process.execPath,
    args: ["--enable-source-maps", entry],
    env: { ...process.env, BENCH_PORT: String(port), BENCH_BARE_PORT: String(barePort) },
    logFile: join(folder, "worker.log")
  }
  const started = yield* startProcess(options)
  yield* untilReady(
    options,
    started,
    Effect.tryPromise(() => askWorker(url, "ready"))
  )
  yield* register(admin, url)
  yield* register(admin, `http://127.0.0.1:${barePort}`)
  return url
})
