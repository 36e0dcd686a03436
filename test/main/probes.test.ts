import { fileURLToPath } from "node:url"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { switchedProxy } from "../../dev/simulators/SwitchedProxy.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"
import { workerEnvironment, workerProcess } from "../../dev/stack/WorkerProcess.ts"
import { freshDatabase } from "../support/stack/Database.ts"
import { RestateClient, testRestate } from "../support/stack/Restate.ts"
import { workerProgram } from "../support/stack/workerProgram.ts"

const blockingWorker = fileURLToPath(new URL("blockingWorker.ts", import.meta.url))

const startWorker = (settings: Readonly<Record<string, string>>) =>
  Effect.flatMap(workerProgram, ({ env, file }) => workerProcess({ env: { ...settings, ...env }, entry: file }))

/** What Kubernetes gives a probe by default. */
const probeTimeout = "1 second"
/** Longer than the failures that Kubernetes lets pass by default: three, a second each, and the one that finds the start. */
const blockedMillis = 6_000

/** Asks as Kubernetes does: over a new connection, for at most a second. The failure says that there was no answer. */
const probe = (url: string) =>
  HttpClient.get(url, { headers: { connection: "close" } }).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (body) => ({ status: response.status, body }))),
    Effect.timeout(probeTimeout),
    Effect.provide(FetchHttpClient.layer),
    inRealTime
  )

const untilStatus = (url: string, wanted: number) =>
  probe(url).pipe(
    Effect.filterOrFail(
      ({ status }) => status === wanted,
      (last) => last
    ),
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.timeout("20 seconds"),
    inRealTime
  )

describe("the probes of a running worker", () => {
  it.layer(Layer.merge(testRestate(), RunDirectoryLive))((it) => {
    it.scoped("while its database is away say that it is not ready, and alive; and ready once it is back", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const database = new URL(yield* freshDatabase)
        const way = yield* switchedProxy({ host: database.hostname, port: Number(database.port) })
        database.port = String(way.port)
        const env = workerEnvironment({ database: database.href, restateAdmin: restate.admin })
        const { url } = yield* startWorker(env)
        yield* way.close
        const { body } = yield* untilStatus(`${url}/health/ready`, 503)
        assert.deepInclude(JSON.parse(body), { status: "fail" })
        assert.deepInclude(JSON.parse(body).checks, { restate: "ok" })
        assert.notStrictEqual(JSON.parse(body).checks.database, "ok")
        assert.deepStrictEqual(yield* probe(`${url}/health/live`), { status: 200, body: '{"status":"ok"}' })
        yield* way.open
        yield* untilStatus(`${url}/health/ready`, 200)
      })
    )

    it.scoped("are not put out by an admin API that is away, and say so when Restate no longer knows the worker", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const admin = new URL(restate.admin)
        const way = yield* switchedProxy({ host: admin.hostname, port: Number(admin.port) })
        const env = workerEnvironment({
          database: yield* freshDatabase,
          restateAdmin: `http://127.0.0.1:${way.port}`
        })
        const { url } = yield* startWorker(env)
        yield* way.close
        for (const _ of [1, 2, 3]) assert.strictEqual((yield* probe(`${url}/health/ready`)).status, 200)
        yield* way.open
        const [deployment] = yield* restate.sql(`SELECT id FROM sys_deployment WHERE endpoint LIKE '${url}%'`)
        yield* restate.remove(String(deployment?.id))
        const { body } = yield* untilStatus(`${url}/health/ready`, 503)
        assert.deepStrictEqual(JSON.parse(body).checks, { database: "ok", restate: "not registered", "new work": "ok" })
      })
    )

    it.scoped("say where new work goes when an old version comes back at its old address, and so does its log", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const env = workerEnvironment({ database: yield* freshDatabase, restateAdmin: restate.admin })
        const newWork = (url: string) =>
          Effect.map(probe(`${url}/health/ready`), ({ body, status }) => ({
            status,
            detail: String(JSON.parse(body).checks["new work"])
          }))
        const first = yield* startWorker(env)
        assert.deepStrictEqual(yield* newWork(first.url), { status: 200, detail: "ok" })
        const second = yield* startWorker(env)
        // The first has work to finish and stays ready.
        const elsewhere = new RegExp(`^new work of \\d+ services goes to ${second.url}/$`)
        const draining = yield* Effect.repeat(Effect.delay(newWork(first.url), "100 millis"), {
          until: ({ detail }) => detail !== "ok"
        })
        assert.strictEqual(draining.status, 200)
        assert.match(draining.detail, elsewhere)
        yield* second.kill("SIGTERM")
        yield* first.kill("SIGTERM")
        yield* first.restart
        const { detail, status } = yield* newWork(first.url)
        assert.strictEqual(status, 200)
        assert.match(detail, elsewhere)
        const log = yield* first.log
        const told = "Registered, but Restate sends new invocations to another deployment"
        assert.lengthOf(
          log.split("\n").filter((line) => line.includes(told) && line.includes(`${second.url}/`)),
          1
        )
        assert.lengthOf(
          log.split("\n").filter((line) => line.includes("Restate now sends new invocations to another version")),
          1
        )
      }).pipe(inRealTime)
    )

    it.scoped("get no answer while its event loop stands still, so that it is restarted", () =>
      Effect.gen(function* () {
        const restate = yield* RestateClient
        const env = workerEnvironment({ database: yield* freshDatabase, restateAdmin: restate.admin })
        const program = yield* workerProgram
        const worker = yield* workerProcess({
          env: { ...env, ...program.env, BLOCKED_MILLIS: String(blockedMillis), PROGRAM: program.file },
          entry: blockingWorker
        })
        const live = `${worker.url}/health/live`
        assert.strictEqual((yield* probe(live)).status, 200)
        process.kill(yield* worker.pid, "SIGUSR2")
        yield* Effect.retry(Effect.flip(probe(live)), Schedule.recurs(20))
        for (const _ of [1, 2, 3]) assert.strictEqual((yield* Effect.flip(probe(live)))._tag, "TimeoutException")
        assert.strictEqual((yield* untilStatus(live, 200)).body, '{"status":"ok"}')
      })
    )
  })
})
