import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect, type Scope } from "effect"
import type { EngineLimit } from "../simulators/clickhouse/Engine.ts"
import { freePort } from "./Port.ts"
import { type ManagedProcess, type ProcessOptions, startProcess } from "./Process.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import type { ComponentFailed } from "./StackFailure.ts"

const program = fileURLToPath(new URL("../simulators/clickhouse/server.ts", import.meta.url))

const answers = (url: string) =>
  Effect.flatMap(HttpClient.HttpClient, (http) => HttpClient.filterStatusOk(http).get(`${url}/ping`)).pipe(
    Effect.flatMap((response) => response.text),
    Effect.asVoid,
    Effect.provide(FetchHttpClient.layer)
  )

/**
 * Starts the engine of the package `chdb` in its own process, behind ClickHouse's HTTP interface on a free port of 127.0.0.1,
 * with user `default` without password and `limits` on its statements. About 250 MB of memory; ready in 1 to 3 s.
 */
export const startClickhouseEngine = (
  users: ReadonlyArray<string>,
  limits: ReadonlyArray<EngineLimit> = []
): Effect.Effect<
  { readonly url: string; readonly process: ManagedProcess },
  ComponentFailed,
  RunDirectory | Scope.Scope
> =>
  Effect.gen(function* () {
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("clickhouse")
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const options: ProcessOptions = {
      component: "ClickHouse engine",
      command: process.execPath,
      args: [
        program,
        `--port=${port}`,
        `--folder=${join(folder, "engine")}`,
        `--users=${users.join(",")}`,
        `--limits=${JSON.stringify(limits)}`
      ],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const server = yield* startProcess(options)
    yield* untilReady(options, server, answers(url))
    return { url, process: server }
  }).pipe(
    // Another process may take the port between check and bind; retry with another port.
    Effect.retry({ times: 2, while: (failure) => failure.reason === "ended" })
  )
