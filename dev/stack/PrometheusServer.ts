import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Effect, type Scope } from "effect"
import { freePort } from "./Port.ts"
import { type ProcessOptions, startProcess } from "./Process.ts"
import { prometheusProgram } from "./PrometheusProgram.ts"
import { untilReady } from "./Readiness.ts"
import { RunDirectory } from "./RunDirectory.ts"
import type { StackFailure } from "./StackFailure.ts"

export interface PrometheusOptions {
  /** Scrape targets as `host:port`, every second, under the job `control-plane-worker`. */
  readonly targets: ReadonlyArray<string>
  /** Absolute paths of rule files. */
  readonly ruleFiles: ReadonlyArray<string>
}

// JSON is YAML.
const configuration = ({ ruleFiles, targets }: PrometheusOptions) =>
  JSON.stringify({
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: "control-plane-worker", static_configs: [{ targets }] }]
  })

/** A Prometheus on a free port of 127.0.0.1, with an empty database, until the scope closes. Returns its URL. */
export const startPrometheus = (
  options: PrometheusOptions
): Effect.Effect<string, StackFailure, RunDirectory | Scope.Scope> =>
  Effect.gen(function* () {
    const { prometheus } = yield* prometheusProgram
    const folder = yield* (yield* RunDirectory).folderFor("prometheus")
    const configFile = join(folder, "prometheus.yml")
    yield* Effect.promise(() => writeFile(configFile, configuration(options)))
    const address = `127.0.0.1:${yield* freePort}`
    const processOptions: ProcessOptions = {
      component: "Prometheus",
      command: prometheus,
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=${address}`
      ],
      env: process.env,
      logFile: join(folder, "server.log")
    }
    const server = yield* startProcess(processOptions)
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const ready = Effect.flatMap(http.get(`http://${address}/-/ready`), (response) => response.text)
    yield* untilReady(processOptions, server, Effect.asVoid(ready))
    return `http://${address}`
  }).pipe(Effect.provide(FetchHttpClient.layer))
