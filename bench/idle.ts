import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { type ClickHouseClient, createClient } from "@clickhouse/client"
import { SqlClient } from "@effect/sql/SqlClient"
import { Effect, Layer, Schedule } from "effect"
import { Ingress } from "effect-restate/ingress"
import { simulatorDatabase } from "../dev/simulators/SimulatorDatabase.ts"
import { ClickhouseServer, clickhouseServer } from "../dev/stack/ClickhouseServer.ts"
import { MySqlServer, mySqlServer } from "../dev/stack/MySqlServer.ts"
import { RestateServer, restateServer } from "../dev/stack/RestateServer.ts"
import { RunDirectory } from "../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../dev/stack/WorkerProcess.ts"
import { DeployService } from "../src/contract/DeployService.ts"
import { IdlePreviews } from "../src/contract/IdlePreviews.ts"
import { bundle } from "./BenchWorker.ts"

export interface IdleBenchOptions {
  readonly rounds: number
  /** At most 10 000. All of them are quiet and have traffic, so that a round leaves everything as it was. */
  readonly previews: number
}

/** Milliseconds. */
export interface IdleSample {
  readonly scan: number
  readonly floor: number
}

const hour = 3_600_000
const workspace = `ws_${randomBytes(4).toString("hex")}`

const ownDatabase = Effect.flatMap(MySqlServer, (server) => {
  const name = `bench_${randomBytes(4).toString("hex")}`
  return Effect.as(
    Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name))),
    server.dsnFor(name)
  )
})

const digits = (name: string) =>
  `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS n`).join(" UNION ALL ")}) ${name}`

/** 0 to 9999. */
const numbers = `(SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM ${["a", "b", "c", "d"].map(digits).join(", ")}) s`

const projects = 500

const seedStatements = (previews: number): ReadonlyArray<string> => [
  `INSERT INTO projects (id, workspace_id, name, slug, created_at)
   SELECT CONCAT('proj_', n), '${workspace}', '', CONCAT('p', n), 1 FROM ${numbers} WHERE n < ${projects}`,
  `INSERT INTO environments (id, workspace_id, project_id, slug, created_at)
   SELECT CONCAT('env_', n), '${workspace}', CONCAT('proj_', n), 'preview', 1 FROM ${numbers} WHERE n < ${projects}`,
  `INSERT INTO deployments (id, k8s_name, workspace_id, project_id, environment_id, sentinel_config, cpu_millicores, memory_mib,
     encrypted_environment_variables, status, created_at)
   SELECT CONCAT('d_', n), CONCAT('k-', n), '${workspace}', CONCAT('proj_', n % ${projects}), CONCAT('env_', n % ${projects}),
     '', 1, 1, '', 'ready', 1
   FROM ${numbers} WHERE n < ${previews} ORDER BY n`
]

/** Ten requests of the last hour for every preview. */
const requestsOf = (previews: number) =>
  Array.from({ length: previews * 10 }, (_, nth) => ({
    workspace_id: workspace,
    project_id: `proj_${(nth % previews) % projects}`,
    environment_id: `env_${(nth % previews) % projects}`,
    deployment_id: `d_${nth % previews}`,
    time: Date.now() - (nth % hour)
  }))

const seed = Effect.fnUntraced(function* (clickhouse: ClickHouseClient, previews: number) {
  const sql = yield* SqlClient
  yield* Effect.forEach(seedStatements(previews), (statement) => sql.unsafe(statement))
  yield* Effect.promise(() =>
    clickhouse.insert({ table: "sentinel_requests_raw_v1", values: requestsOf(previews), format: "JSONEachRow" })
  )
})

/** The same question as one would write it by hand: one statement to each database, everything in memory, no paging. */
const floor = Effect.fnUntraced(function* (clickhouse: ClickHouseClient) {
  const sql = yield* SqlClient
  const since = Date.now() - 6 * hour
  const startedAt = performance.now()
  const quiet = yield* sql<{ id: string }>`
    SELECT d.id FROM deployments d JOIN environments e ON e.id = d.environment_id JOIN projects p ON p.id = d.project_id
    WHERE d.desired_state = 'running' AND d.status = 'ready' AND e.slug = 'preview' AND d.created_at < ${since}
      AND (d.updated_at IS NULL OR d.updated_at < ${since})
      AND (p.live_deployment_id IS NULL OR p.live_deployment_id <> d.id)`
  const served = yield* Effect.promise(async () => {
    const query = "SELECT DISTINCT deployment_id FROM sentinel_requests_raw_v1 WHERE time >= {since:Int64}"
    const result = await clickhouse.query({ query, query_params: { since }, format: "JSONEachRow" })
    return result.json<{ deployment_id: string }>()
  })
  const busy = new Set(served.map((row) => row.deployment_id))
  const idle = quiet.filter(({ id }) => !busy.has(id))
  if (idle.length > 0) return yield* Effect.dieMessage("every preview of this benchmark has traffic")
  return performance.now() - startedAt
})

const openRuns = (admin: string) =>
  Effect.promise(async () => {
    const query = `SELECT count(*) AS open FROM sys_invocation WHERE target_service_name = '${IdlePreviews.name}' AND status <> 'completed'`
    const headers = { "content-type": "application/json", accept: "application/json" }
    const response = await fetch(`${admin}/query`, { method: "POST", headers, body: JSON.stringify({ query }) })
    return JSON.stringify(await response.json())
  })

/** From the call to the end of the last invocation of its run, seen within 10 ms. */
const scan = Effect.fnUntraced(function* (admin: string) {
  const ingress = yield* Ingress
  const startedAt = performance.now()
  yield* ingress.call(DeployService, "global", "ScaleDownIdlePreviewDeployments", {})
  yield* Effect.repeat(openRuns(admin), {
    schedule: Schedule.spaced("10 millis"),
    until: (answer) => answer.includes('"open":0')
  })
  return performance.now() - startedAt
})

/** Scans of all previews through the real stack, each beside the floor of its round. */
export const benchIdle = (options: IdleBenchOptions) =>
  Effect.gen(function* () {
    const restate = yield* RestateServer
    const database = yield* ownDatabase
    const { url } = yield* ClickhouseServer
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("bundle")
    const entry = yield* bundle("../src/main.ts", join(folder, "main.mjs"))
    const env = { ...workerEnvironment({ database, restateAdmin: restate.admin }), WORKER_CLICKHOUSE_URL: url }
    yield* workerProcess({ entry, env })
    const clickhouse = yield* Effect.acquireRelease(
      Effect.sync(() => createClient({ url })),
      (client) => Effect.promise(() => client.close())
    )
    const round = Effect.all({ floor: floor(clickhouse), scan: scan(restate.admin) })
    const rounds = Effect.gen(function* () {
      yield* seed(clickhouse, options.previews)
      // Once without keeping the result: the code becomes hot and the pools fill.
      yield* round
      return yield* Effect.replicateEffect(
        Effect.tap(round, (sample) =>
          Effect.logInfo(`idle previews: ${sample.scan.toFixed(0)} ms, floor ${sample.floor.toFixed(0)} ms`)
        ),
        options.rounds
      )
    })
    return yield* Effect.provide(
      rounds,
      Layer.merge(simulatorDatabase(database), Ingress.layer({ url: restate.ingress }))
    )
  }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(mySqlServer, restateServer(), clickhouseServer())))
