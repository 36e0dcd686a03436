import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Effect, Layer } from "effect"
import { krane } from "./simulators/Krane.ts"
import { SlackServer } from "./simulators/SlackServer.ts"
import { seedForDeploys } from "./simulators/seedForDeploys.ts"
import { runCommand } from "./stack/Command.ts"
import { buildConsolePage, consoleAddress, consoleSettings, loginHint } from "./stack/developmentConsole.ts"
import { followLines } from "./stack/followLines.ts"
import { withGivenSettings } from "./stack/givenSettings.ts"
import { MySqlServer } from "./stack/MySqlServer.ts"
import { untilOneEnds } from "./stack/Process.ts"
import { RestateServer } from "./stack/RestateServer.ts"
import { restartOnChange } from "./stack/restartOnChange.ts"
import { stayUp } from "./stack/stayUp.ts"
import { workerEnvironment, workerProcess } from "./stack/WorkerProcess.ts"
import { StackDatabase, stackAddresses, stackProcesses, stackSettings, wholeStack } from "./stack/wholeStack.ts"
import { workerLogLine } from "./stack/workerLogLine.ts"
import { TraceCollector, traceCollector } from "./traces/TraceCollector.ts"
import { restateTracing, workerTracing } from "./traces/tracing.ts"

/** A server URL from the environment may include the database. */
const database = Effect.flatMap(MySqlServer, (server) => {
  const named = decodeURIComponent(new URL(server.adminUrl).pathname.slice(1))
  const name = named === "" ? "unkey" : named
  return Effect.as(server.createDatabase(name), server.dsnFor(name))
})

/** The developer's settings override the stack's defaults, but not its addresses. */
const givenSettings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith("WORKER_") && value !== undefined ? [[name, value]] : []
  )
)

/** Krane is opt-in, because a developer may run a real one or play it by hand. */
const {
  krane: playsKrane,
  nodes,
  seed: seeds,
  watch: watches
} = parseArgs({
  options: {
    krane: { type: "boolean", default: false },
    /** Restate servers; more than one are a cluster. */
    nodes: { type: "string", default: "1" },
    seed: { type: "boolean", default: false },
    watch: { type: "boolean", default: false }
  }
}).values

const workspaceId = "ws_local"
const sources = ["../src", "../packages/effect-restate/src"].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url))
)

/** Off if the developer configured another trace endpoint. */
const tracesElsewhere =
  (process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined

const workerSettings = Effect.gen(function* () {
  const { admin } = yield* RestateServer
  const { WORKER_DATABASE_PRIMARY, WORKER_RESTATE_ADMIN_URL, ...defaults } = workerEnvironment({
    database: yield* StackDatabase,
    restateAdmin: admin
  })
  // A changed worker registers its handlers again at the same address.
  const registration = watches ? { WORKER_RESTATE_FORCE_REGISTRATION: "true" } : {}
  const traces = tracesElsewhere ? undefined : (yield* TraceCollector).endpoint
  const stack = { ...defaults, ...registration, ...(yield* stackSettings), ...(yield* consoleSettings(traces)) }
  const env = withGivenSettings(stack, givenSettings)
  const settings: Readonly<Record<string, string>> = { ...env, WORKER_DATABASE_PRIMARY, WORKER_RESTATE_ADMIN_URL }
  return settings
})

const startWorker = (settings: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    yield* Effect.logInfo("Worker: starting")
    const tracing = tracesElsewhere ? {} : workerTracing((yield* TraceCollector).endpoint)
    return yield* workerProcess({ env: { ...tracing, ...settings } })
  })

/** Shows messages sent to the Slack simulator. */
const showSlack = Effect.gen(function* () {
  const { messages } = yield* SlackServer
  let shown = 0
  for (;;) {
    for (; shown < messages.length; shown++) yield* Effect.logInfo(`Slack: ${JSON.stringify(messages[shown])}`)
    yield* Effect.sleep("500 millis")
  }
})

const showLog = (logFile: string) =>
  followLines(logFile, (line) => Effect.forEach(workerLogLine(line), (shown) => Effect.logInfo(`worker │ ${shown}`)))

/** Rows to deploy, and the request that the control API would send. */
const seed = Effect.gen(function* () {
  const { ingress } = yield* RestateServer
  const { deployments, project } = yield* seedForDeploys(workspaceId)
  const [first = "", ...more] = deployments
  const body = JSON.stringify({ deploymentId: first, dockerImage: { image: "registry.example/shop:1" } })
  yield* Effect.logInfo(`Seeded ${project.workspaceSlug}/${project.slug} (${project.id}). Deploy to production with:`)
  yield* Effect.logInfo(
    `  curl -sS ${ingress}/hydra.v1.DeployService/${project.id}/Deploy -H 'content-type: application/json' -d '${body}'`
  )
  yield* Effect.logInfo(`What it is doing: npm run worker -- deploy ${first} --watch`)
  yield* Effect.logInfo(`Also pending, for further deploys: ${more.join(", ")}`)
  if (!playsKrane)
    yield* Effect.logInfo("The deploy waits for krane to report instances: npm run dev -- --seed --krane simulates it.")
})

const dev = Effect.gen(function* () {
  const settings = yield* workerSettings
  yield* buildConsolePage
  const worker = yield* startWorker(settings)
  yield* Effect.forkScoped(showLog(worker.logFile))
  const collector = yield* TraceCollector
  const ui = `${(yield* RestateServer).admin}/ui`
  yield* collector.linkInvocationsTo(ui)
  const addresses = {
    ...(yield* stackAddresses),
    worker: worker.url,
    metrics: worker.metrics,
    ...consoleAddress(settings),
    ui,
    ...(tracesElsewhere ? {} : { traces: collector.endpoint })
  }
  yield* stayUp({ addresses, settings })
  yield* Effect.forEach(loginHint(settings), (line) => Effect.logInfo(line))
  if (seeds) yield* seed
  const regions = (settings.WORKER_AVAILABLE_REGIONS ?? "").split(",")
  const servers = yield* stackProcesses
  // None of them ends but with a failure, which ends the others too.
  yield* Effect.all(
    [
      showSlack,
      playsKrane ? Layer.launch(krane({ regions })) : Effect.never,
      untilOneEnds(watches ? servers : [...servers, worker]),
      watches
        ? restartOnChange({ ...worker, restart: Effect.zipRight(buildConsolePage, worker.restart) }, sources)
        : Effect.never
    ],
    { concurrency: "unbounded", discard: true }
  )
})

const stack = Layer.unwrapEffect(
  Effect.map(TraceCollector, ({ endpoint }) =>
    wholeStack({
      database,
      apex: process.env.WORKER_DEFAULT_DOMAIN ?? "unkey.app",
      analyticsUsers: [workspaceId],
      restate: { nodes: Number(nodes), ...(tracesElsewhere ? {} : restateTracing(endpoint)) }
    })
  )
).pipe(Layer.provideMerge(traceCollector()))

dev.pipe(Effect.scoped, Effect.provide(stack), runCommand)
