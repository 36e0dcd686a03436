import { randomBytes, randomUUID } from "node:crypto"
import { argv } from "node:process"
import { Effect, Layer } from "effect"
import { resourceId } from "../src/workflows/identifiers.ts"
import { installation, repository } from "./demo/chapters/builds.ts"
import { ingressClient } from "./demo/IngressClient.ts"
import { stackVault } from "./demo/stackVault.ts"
import { steadyDatabase } from "./demo/steadyDatabase.ts"
import { tellStory } from "./demo/story.ts"
import { paint, terminalWidth } from "./demo/terminal.ts"
import { krane } from "./simulators/Krane.ts"
import { runCommand } from "./stack/Command.ts"
import { buildConsolePage, consoleAddress, consoleSettings, loginHint } from "./stack/developmentConsole.ts"
import { MySqlServer } from "./stack/MySqlServer.ts"
import { untilOneEnds } from "./stack/Process.ts"
import { breakSilence, waitingFor } from "./stack/Progress.ts"
import { RestateServer } from "./stack/RestateServer.ts"
import { stayUp } from "./stack/stayUp.ts"
import { workerEnvironment, workerProcess } from "./stack/WorkerProcess.ts"
import { StackDatabase, stackAddresses, stackProcesses, stackSettings, wholeStack } from "./stack/wholeStack.ts"
import { TraceCollector, traceCollector } from "./traces/TraceCollector.ts"
import { restateTracing, workerTracing } from "./traces/tracing.ts"

const regions = ["us-east-1.aws", "eu-central-1.aws"]
const apex = "unkey.app"
const workspaceId = resourceId("ws", randomUUID())

/** Keeps the stack running after the demo, with its addresses, until Ctrl-C. */
const keep = argv.includes("--keep")

/** A database for this run only, also on a server from the environment. */
const database = Effect.flatMap(MySqlServer, (server) => {
  const name = `demo_${randomBytes(4).toString("hex")}`
  return Effect.as(
    Effect.acquireRelease(server.createDatabase(name), () => Effect.ignore(server.dropDatabase(name))),
    server.dsnFor(name)
  )
})

const workerSettings = Effect.gen(function* () {
  const { admin } = yield* RestateServer
  return {
    ...workerEnvironment({ database: yield* StackDatabase, restateAdmin: admin }),
    ...(yield* stackSettings),
    ...(keep ? yield* consoleSettings((yield* TraceCollector).endpoint) : {}),
    WORKER_AVAILABLE_REGIONS: regions.join(","),
    WORKER_DEFAULT_DOMAIN: apex,
    // The demo listens on loopback only.
    WORKER_RESTATE_HTTP_HOST: "127.0.0.1",
    WORKER_OBSERVABILITY_METRICS_HOST: "127.0.0.1"
  }
})

const demo = Effect.gen(function* () {
  const settings = yield* workerSettings
  const collector = yield* TraceCollector
  yield* Effect.logInfo("Worker: starting")
  yield* waitingFor("the worker starts")
  if (keep) yield* buildConsolePage
  const worker = yield* workerProcess({ env: { ...settings, ...workerTracing(collector.endpoint) } })
  const { admin, ingress } = yield* RestateServer
  const ui = `${admin}/ui`
  yield* collector.linkInvocationsTo(ui)
  const own = {
    worker: worker.url,
    metrics: worker.metrics,
    ...consoleAddress(settings),
    ui,
    traces: collector.endpoint
  }
  const addresses = { ...(yield* stackAddresses), ...own }
  const neighbours = Layer.mergeAll(krane({ regions }), ingressClient(ingress), stackVault).pipe(
    Layer.provideMerge(steadyDatabase)
  )
  const told = Effect.gen(function* () {
    const summary = yield* tellStory({ apex, workspaceId })
    yield* Effect.logInfo("")
    yield* Effect.logInfo(paint("green", summary))
    if (!keep) return yield* Effect.logInfo("To look around: npm run demo -- --keep")
    yield* stayUp({ addresses, settings })
    yield* Effect.forEach(loginHint(settings), (line) => Effect.logInfo(line))
    return yield* Effect.never
  })
  const show = Effect.provide(told, neighbours)
  yield* Effect.raceFirst(Effect.scoped(show), untilOneEnds([...(yield* stackProcesses), worker]))
})

const stack = Layer.unwrapEffect(
  Effect.map(TraceCollector, ({ endpoint }) =>
    wholeStack({
      database,
      apex,
      analyticsUsers: [workspaceId],
      builds: { repository, installation },
      restate: restateTracing(endpoint)
    })
  )
).pipe(Layer.provideMerge(traceCollector()))

const started = Effect.gen(function* () {
  yield* Effect.logInfo("A real stack starts: database, Restate, ClickHouse, an ACME authority, a builder, the worker")
  yield* waitingFor("the stack starts")
  yield* Effect.fork(breakSilence)
  yield* Effect.provide(Effect.scoped(demo), stack)
})

runCommand(started, { width: terminalWidth() })
