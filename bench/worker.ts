import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:http2"
import { Session } from "node:inspector/promises"
import { NodeRuntime } from "@effect/platform-node"
import { createEndpointHandler } from "@restatedev/restate-sdk"
import { createEndpointHandler as createFetchHandler } from "@restatedev/restate-sdk/fetch"
import { Config, Effect } from "effect"
import { sdkDefinitions, sdkLogger } from "effect-restate"
import { Restate } from "effect-restate/node"
import { Loopback } from "./Loopback.ts"
import { bare } from "./subjects/bare.ts"
import { bridged, Numbers } from "./subjects/bridged.ts"

/** 5 kHz: a request takes about a millisecond of the processor. */
const samplingMicros = 200

let profiler: Session | undefined

const startProfile = async (): Promise<string> => {
  profiler = new Session()
  profiler.connect()
  await profiler.post("Profiler.enable")
  await profiler.post("Profiler.setSamplingInterval", { interval: samplingMicros })
  await profiler.post("Profiler.start")
  return ""
}

const stopProfile = async (): Promise<string> => {
  const stopped = await profiler?.post("Profiler.stop")
  profiler?.disconnect()
  return JSON.stringify(stopped?.profile)
}

/** Processor time of this process since it started, in microseconds. */
const processorMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

type Answer = (query: URLSearchParams) => Promise<string>

/** Runs invocations without a server; answers with the processor time of each, in microseconds. */
const withoutServer =
  (loopback: Loopback): Answer =>
  async (query) => {
    const [service, handler, input] = ["service", "handler", "body"].map((name) => query.get(name) ?? "")
    const count = Number(query.get("count"))
    const before = processorMicros()
    for (let done = 0; done < count; done++) await loopback.invoke(service ?? "", handler ?? "", input ?? "")
    return String((processorMicros() - before) / count)
  }

const control =
  (answers: Readonly<Record<string, Answer>>) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "", "http://localhost")
    const answer = answers[url.pathname]
    if (answer === undefined) response.writeHead(404).end()
    else
      answer(url.searchParams).then(
        (body) => response.end(body),
        (error) => response.writeHead(500).end(String(error))
      )
  }

const worker = Effect.gen(function* () {
  const port = yield* Config.integer("BENCH_PORT")
  const barePort = yield* Config.integer("BENCH_BARE_PORT")
  // The endpoint's own counting is part of what the bridge costs; metrics and traces are not: the baseline has none.
  const services = [
    bridged("Explicit", { cancellation: "explicit" }),
    bridged("Implicit", { cancellation: "implicit" })
  ]
  const baseline = [bare("Bare")]
  // The baseline stands on the SDK's own endpoint, and its log goes nowhere.
  createServer(createEndpointHandler({ services: baseline, logger: () => {} })).listen(barePort, "127.0.0.1")
  const loopback = new Loopback({
    bare: createFetchHandler({ services: baseline, bidirectional: true, logger: () => {} }),
    ours: createFetchHandler({
      services: [...(yield* sdkDefinitions(services))],
      bidirectional: true,
      logger: yield* sdkLogger
    })
  })
  const listener = control({
    "/bench/ready": async () => "",
    "/bench/processor": async () => String(processorMicros()),
    "/bench/loopback": withoutServer(loopback),
    "/bench/memory": async () => String(process.memoryUsage.rss()),
    "/bench/profile/start": startProfile,
    "/bench/profile/stop": stopProfile
  })
  const beside = { prefix: "/bench/", listener }
  yield* Restate.listen({ services, host: "127.0.0.1", port, drain: 0, beside })
  return yield* Effect.never
})

worker.pipe(
  Effect.scoped,
  Effect.provideService(Numbers, { echo: (number) => Effect.succeed(number) }),
  NodeRuntime.runMain
)
