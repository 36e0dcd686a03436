import { writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import { join, resolve } from "node:path"
import { HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import type { TestProject } from "vitest/node"
import { bundleProgram } from "../../../dev/image/bundle.ts"
import { bundleConsole } from "../../../dev/image/bundlePage.ts"
import { ClickhouseServer, clickhouseServer } from "../../../dev/stack/ClickhouseServer.ts"
import { MySqlServer, mySqlServer, mySqlSource } from "../../../dev/stack/MySqlServer.ts"
import { pebbleProgram, pebbleSource } from "../../../dev/stack/PebbleProgram.ts"
import { progressLines } from "../../../dev/stack/Progress.ts"
import { RunDirectory, RunDirectoryLive } from "../../../dev/stack/RunDirectory.ts"
import { engineUsers } from "./engineUsers.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The address for requesting the run's MySQL server, ClickHouse and worker program; made on first request. */
    readonly mySqlServerDesk: string
  }
}

/** The worker's bundle with the console's page, and a folder for what Node compiles of it. A package.json makes it an ES module. */
const bundledWorker = Effect.gen(function* () {
  const run = yield* RunDirectory
  const folder = yield* run.folderFor("program")
  const compileCache = join(folder, "compiled")
  const given = process.env.STACK_WORKER
  if (given !== undefined) return { file: resolve(given), compileCache }
  yield* Effect.promise(() => Promise.all([bundleProgram(folder), bundleConsole(join(folder, "console"))]))
  yield* Effect.promise(() => writeFile(join(folder, "package.json"), '{"type":"module"}'))
  return { file: join(folder, "main.js"), compileCache }
})

/** The run's server of a kind, started by the first test file that needs it. */
const desk = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const server = yield* Effect.cached(
    Layer.buildWithScope(mySqlServer, scope).pipe(Effect.map((context) => Context.get(context, MySqlServer)))
  )
  const clickhouse = yield* Effect.cached(
    Layer.buildWithScope(clickhouseServer({ users: engineUsers }), scope).pipe(
      Effect.map((context) => Context.get(context, ClickhouseServer))
    )
  )
  const worker = yield* Effect.cached(bundledWorker)
  // Installing packages or fetching an image must not count against the first test's time limit.
  const source = yield* mySqlSource
  if (source._tag === "Apt" || source._tag === "Docker") yield* server
  // The same for the test CA; without it, tests that need it are skipped with a message.
  if ((yield* pebbleSource)._tag === "Apt") yield* Effect.ignoreLogged(pebbleProgram)
  return HttpRouter.empty.pipe(
    HttpRouter.get(
      "/mysql",
      Effect.match(server, {
        onSuccess: ({ adminUrl, source }) => HttpServerResponse.unsafeJson({ adminUrl, source }),
        onFailure: (failure) => HttpServerResponse.text(failure.message, { status: 503 })
      })
    ),
    HttpRouter.get(
      "/clickhouse",
      Effect.match(clickhouse, {
        onSuccess: ({ isServer, url }) => HttpServerResponse.unsafeJson({ isServer, url }),
        onFailure: (failure) => HttpServerResponse.text(failure.message, { status: 503 })
      })
    ),
    HttpRouter.get(
      "/worker",
      Effect.map(worker, (program) => HttpServerResponse.unsafeJson(program))
    ),
    HttpServer.serve()
  )
})

const deskLayer = Layer.unwrapScoped(desk).pipe(
  Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
  Layer.provide(RunDirectoryLive),
  Layer.provide(progressLines())
)

export default async (project: TestProject) => {
  const runtime = ManagedRuntime.make(deskLayer)
  project.provide("mySqlServerDesk", await runtime.runPromise(HttpServer.addressFormattedWith(Effect.succeed)))
  return () => runtime.dispose()
}
