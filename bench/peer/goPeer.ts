import { generateKeyPairSync } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Context, Effect, Layer, Option } from "effect"
import { freePort } from "../../dev/stack/Port.ts"
import { startProcess } from "../../dev/stack/Process.ts"
import { untilReady } from "../../dev/stack/Readiness.ts"
import { privateRestateServer, RestateServer } from "../../dev/stack/RestateServer.ts"
import { RunDirectory } from "../../dev/stack/RunDirectory.ts"
import { cnameDomain } from "../../dev/stack/WorkerProcess.ts"
import { register } from "../BenchWorker.ts"
import { ownDatabase } from "../deploys.ts"
import { migratedPools } from "../migratedPools.ts"
import type { Peer } from "./Peer.ts"

interface GoSettings {
  readonly database: string
  readonly restateAdmin: string
  readonly regions: ReadonlyArray<string>
  readonly port: number
  readonly metricsPort: number
}

/** The data source name of go-sql-driver/mysql. */
const dsn = (address: string): string => {
  const { host, password, pathname, username } = new URL(address)
  const login = [username, password].map(decodeURIComponent).filter((part) => part !== "")
  return `${login.join(":")}@tcp(${host})${pathname}?parseTime=true&interpolateParams=true`
}

/** A key that signs for no GitHub App: the worker reads one at its start, and image deploys ask GitHub for nothing. */
const unusedKey = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" }
  }).privateKey

/** The configuration file of Unkey's ctrl worker. */
const settingsOf = ({ database, metricsPort, port, regions, restateAdmin }: GoSettings): string => `
instance_id = "peer"
region = "local"
cname_domain = "${cnameDomain}"
available_regions = ${JSON.stringify(regions)}

[observability.metrics]
prometheus_port = ${metricsPort}

[database]
primary = ${JSON.stringify(dsn(database))}

[restate]
admin_url = "${restateAdmin}"
http_port = ${port}

[github]
app_id = 1
allow_unauthenticated_deployments = true
private_key_pem = """
${unusedKey()}"""
`

/** Unkey's ctrl worker, started by `command --config <file>`, with a Restate server and a database of its own. */
export const goPeer = (command: string, regions: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { admin, ingress } = Context.get(yield* Layer.build(privateRestateServer()), RestateServer)
    const database = yield* ownDatabase
    // The tables are the same for both workers; ours adds indexes and tables of its own.
    yield* Effect.scoped(Layer.build(migratedPools(database)))
    const run = yield* RunDirectory
    const folder = yield* run.folderFor("go-worker")
    const [port, metricsPort] = yield* Effect.all([freePort, freePort])
    const file = join(folder, "unkey.toml")
    const settings = settingsOf({ database, restateAdmin: admin, regions, port, metricsPort })
    yield* Effect.promise(() => writeFile(file, settings, { mode: 0o600 }))
    const [program = "", ...args] = command.split(" ")
    const options = {
      component: "Go worker",
      command: program,
      args: [...args, "--config", file],
      env: process.env,
      logFile: join(folder, "worker.log")
    }
    const metrics = `http://127.0.0.1:${metricsPort}/metrics`
    const started = yield* startProcess(options)
    const answers = HttpClient.get(metrics).pipe(Effect.scoped, Effect.asVoid, Effect.provide(FetchHttpClient.layer))
    yield* untilReady(options, started, answers)
    yield* register(admin, `http://127.0.0.1:${port}`)
    const peer: Peer = { name: "go", ingress, database, metrics: Option.some(metrics), admin: Option.some(admin) }
    return peer
  })
