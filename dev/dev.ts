import { argv } from "node:process"
import { Effect, Layer } from "effect"
import { krane } from "./simulators/Krane.ts"
import { SlackServer } from "./simulators/SlackServer.ts"
import { runCommand } from "./stack/Command.ts"
import { withGivenSettings } from "./stack/givenSettings.ts"
import { MySqlServer } from "./stack/MySqlServer.ts"
import { untilOneEnds } from "./stack/Process.ts"
import { RestateServer } from "./stack/RestateServer.ts"
import { stayUp } from "./stack/stayUp.ts"
import { workerEnvironment, workerProcess } from "./stack/WorkerProcess.ts"
import { StackDatabase, stackAddresses, stackProcesses, stackSettings, wholeStack } from "./stack/wholeStack.ts"
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

/** Opt-in, because a developer may run a real krane or play it by hand. */
const playsKrane = argv.includes("--krane")

/** Off if the developer configured another trace endpoint. */
const tracesElsewhere =
  (process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? process.env.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined

const startWorker = Effect.gen(function* () {
  const { admin } = yield* RestateServer
  const { WORKER_DATABASE_PRIMARY, WORKER_RESTATE_ADMIN_URL, ...defaults } = workerEnvironment({
    database: yield* StackDatabase,
    restateAdmin: admin
  })
  yield* Effect.logInfo("Worker: starting")
  const tracing = tracesElsewhere ? {} : workerTracing((yield* TraceCollector).endpoint)
  const env = withGivenSettings({ ...defaults, ...(yield* stackSettings), ...tracing }, givenSettings)
  const worker = yield* workerProcess({ env: { ...env, WORKER_DATABASE_PRIMARY, WORKER_RESTATE_ADMIN_URL } })
  return { worker, regions: (env.WORKER_AVAILABLE_REGIONS ?? "").split(",") }
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

const dev = Effect.gen(function* () {
  const { regions, worker } = yield* startWorker
  const neighbour = playsKrane ? Layer.launch(krane({ regions })) : Effect.never
  const collector = yield* TraceCollector
  yield* collector.linkInvocationsTo(`${(yield* RestateServer).admin}/ui`)
  const traces = tracesElsewhere ? {} : { traces: collector.endpoint }
  const addresses = { ...(yield* stackAddresses), worker: worker.url, metrics: worker.metrics, ...traces }
  const ends = untilOneEnds([...(yield* stackProcesses), worker])
  return yield* Effect.raceAll([Effect.scoped(stayUp(addresses)), showSlack, neighbour, ends])
})

const stack = Layer.unwrapEffect(
  Effect.map(TraceCollector, ({ endpoint }) =>
    wholeStack({
      database,
      apex: process.env.WORKER_DEFAULT_DOMAIN ?? "unkey.app",
      analyticsUsers: ["ws_local"],
      ...(tracesElsewhere ? {} : { restate: restateTracing(endpoint) })
    })
  )
).pipe(Layer.provideMerge(traceCollector()))

dev.pipe(Effect.scoped, Effect.provide(stack), runCommand)
