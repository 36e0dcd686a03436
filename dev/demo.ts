import { randomBytes } from "node:crypto"
import { argv } from "node:process"
import { Effect, Layer, Option } from "effect"
import { deployClient } from "./demo/DeployClient.ts"
import { printRoutes, printTrace } from "./demo/outcome.ts"
import { tellStory } from "./demo/story.ts"
import { TraceCollector, TraceCollectorLive } from "./demo/TraceCollector.ts"
import { krane } from "./simulators/Krane.ts"
import { simulatorDatabase } from "./simulators/SimulatorDatabase.ts"
import { vaultServer } from "./simulators/VaultServer.ts"
import { runCommand } from "./stack/Command.ts"
import { MySqlServer, mySqlServer } from "./stack/MySqlServer.ts"
import { untilOneEnds } from "./stack/Process.ts"
import { RestateServer, restateServer } from "./stack/RestateServer.ts"
import { RunDirectoryLive } from "./stack/RunDirectory.ts"
import { vaultEnvironment } from "./stack/Vault.ts"
import { workerEnvironment, workerProcess } from "./stack/WorkerProcess.ts"

const regions = ["us-east-1.aws", "eu-central-1.aws"]

/** Stays up after the story, with its addresses, until Ctrl-C. */
const keep = argv.includes("--keep")

/** Milliseconds between two exports of spans: nobody wants to wait for the last trace. */
const exportInterval = "200"

/** A database of this run alone, also on a server from the environment. */
const demoDatabase = Effect.flatMap(MySqlServer, (server) => {
  const name = `demo_${randomBytes(4).toString("hex")}`
  return Effect.as(
    Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name))),
    server.dsnFor(name)
  )
})

const startWorker = Effect.fnUntraced(function* (database: string, restateAdmin: string) {
  const collector = yield* TraceCollector
  yield* Effect.logInfo("Worker: starting")
  return yield* workerProcess({
    env: {
      ...workerEnvironment({ database, restateAdmin }),
      ...(yield* vaultEnvironment),
      WORKER_AVAILABLE_REGIONS: regions.join(","),
      WORKER_OBSERVABILITY_TRACING_SAMPLE_RATE: "1",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: exportInterval
    }
  })
})

const stayUp = Effect.fnUntraced(function* (addresses: Readonly<Record<string, string>>) {
  yield* Effect.forEach(Object.entries(addresses), ([name, url]) => Effect.logInfo(`${name.padEnd(10)} ${url}`))
  yield* Effect.logInfo("Everything stays up. Ctrl-C ends all of it.")
  return yield* Effect.never
})

const demo = Effect.gen(function* () {
  const mysql = yield* MySqlServer
  const restate = yield* RestateServer
  const database = yield* demoDatabase
  const worker = yield* startWorker(database, restate.admin)
  const neighbours = Layer.mergeAll(krane({ regions }), deployClient(restate.ingress)).pipe(
    Layer.provideMerge(simulatorDatabase(database))
  )
  const show = Effect.gen(function* () {
    const told = yield* tellStory
    yield* printRoutes(told)
    yield* printTrace(told)
    const { admin, ingress } = restate
    if (keep)
      return yield* stayUp({
        "Restate UI": `${admin}/ui`,
        ingress,
        admin,
        worker: worker.url,
        metrics: worker.metrics,
        database
      })
  }).pipe(Effect.provide(neighbours))
  const processes = [...Option.toArray(mysql.process), ...Option.toArray(restate.process), worker]
  yield* Effect.raceFirst(show, untilOneEnds(processes))
})

/** Restate passes the caller's trace on from service to service only while it traces itself. */
const tracedRestate = Layer.unwrapEffect(
  Effect.map(TraceCollector, ({ endpoint }) =>
    restateServer({
      env: { RESTATE_TRACING_ENDPOINT: `otlp+${endpoint}/v1/traces`, OTEL_BSP_SCHEDULE_DELAY: exportInterval }
    })
  )
)

const stack = Layer.mergeAll(mySqlServer, tracedRestate, vaultServer(), RunDirectoryLive).pipe(
  Layer.provideMerge(TraceCollectorLive)
)

demo.pipe(Effect.scoped, Effect.provide(stack), runCommand)
