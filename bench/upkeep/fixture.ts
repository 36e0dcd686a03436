import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Schedule, Schema } from "effect"
import { queryServer } from "../../dev/stack/MySqlConnection.ts"
import { MySqlServer } from "../../dev/stack/MySqlServer.ts"
import { RestateServer } from "../../dev/stack/RestateServer.ts"
import { RunDirectory } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { bundle } from "../BenchWorker.ts"

/**
 * Where the stack's own server is made for small databases: room for the tables in memory, and a log that does not make
 * every write wait. A server of the user's own that refuses stays as it is.
 */
const roomy = ["innodb_buffer_pool_size = 3221225472", "innodb_log_file_size = 1073741824"]

/** The numbers from 0, up to a million of them: no recursion, which servers limit. */
export const numbers = ((digit: string) =>
  `(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 100000 * g.d AS n FROM ${["a", "b", "c", "e", "f", "g"].map((name) => `${digit} AS ${name}`).join(", ")}) AS numbers`)(
  `(${Array.from({ length: 10 }, (_, d) => `SELECT ${d} AS d`).join(" UNION ALL ")})`
)

/** A database of this bench alone; `run` answers with the rows of one statement, however long it takes. */
export const benchDatabase = Effect.gen(function* () {
  const server = yield* MySqlServer
  const name = `bench_${randomBytes(4).toString("hex")}`
  yield* Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name)))
  yield* Effect.forEach(roomy, (setting) => Effect.ignore(queryServer(server.adminUrl, `SET GLOBAL ${setting}`)))
  const url = server.dsnFor(name)
  return { url, run: (statement: string) => queryServer(url, statement) }
})

/** The worker as production runs it, bundled, with what is in its environment beside the stack's addresses. */
export const worker = Effect.fnUntraced(function* (database: string, env: Readonly<Record<string, string>>) {
  const restate = yield* RestateServer
  const folder = yield* (yield* RunDirectory).folderFor("bundle")
  const bundled = yield* bundle("../src/main.ts", join(folder, "main.mjs"))
  return yield* workerProcess({
    entry: bundled,
    env: { ...workerEnvironment({ database, restateAdmin: restate.admin }), WORKER_AVAILABLE_REGIONS: "", ...env }
  })
})

const Rows = Schema.parseJson(
  Schema.Struct({ rows: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })) })
)

/** Asks Restate's tables. */
export const restateSql = (query: string) =>
  Effect.gen(function* () {
    const { admin } = yield* RestateServer
    const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const request = HttpClientRequest.post(`${admin}/query`).pipe(
      HttpClientRequest.acceptJson,
      HttpClientRequest.bodyUnsafeJson({ query })
    )
    const text = yield* Effect.flatMap(http.execute(request), (response) => response.text)
    return (yield* Schema.decode(Rows)(text)).rows
  }).pipe(Effect.provide(FetchHttpClient.layer))

/** Calls a handler through the ingress and waits for its answer, however long it takes. */
export const callHandler = (path: string) =>
  Effect.gen(function* () {
    const { ingress } = yield* RestateServer
    const http = yield* HttpClient.HttpClient
    const request = HttpClientRequest.post(`${ingress}/${path}`).pipe(HttpClientRequest.bodyUnsafeJson({}))
    const { status, text } = yield* Effect.flatMap(HttpClient.filterStatusOk(http).execute(request), (response) =>
      Effect.map(response.text, (text) => ({ status: response.status, text }))
    ).pipe(
      // fetch gives up after five minutes without headers; the call is repeated and answers when the run is over.
      Effect.retry({ times: 20 })
    )
    if (status > 299) return yield* Effect.dieMessage(`${path}: ${status} ${text}`)
    return text
  }).pipe(Effect.provide(FetchHttpClient.layer))

const memory = /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m

/** Runs with an eye on the worker's memory: seconds, the answer, and the largest resident set seen, in MiB. */
export const watched = <A, E, R>(metrics: string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    let peak = 0
    const http = yield* HttpClient.HttpClient
    const sample = Effect.flatMap(http.get(metrics), (response) => response.text).pipe(
      Effect.tap((text) =>
        Effect.sync(() => {
          peak = Math.max(peak, Number(memory.exec(text)?.[1] ?? 0))
        })
      ),
      Effect.ignore
    )
    yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced("250 millis")))
    const startedAt = performance.now()
    const answer = yield* effect
    return { answer, seconds: (performance.now() - startedAt) / 1000, peakMiB: peak / 2 ** 20 }
  }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
