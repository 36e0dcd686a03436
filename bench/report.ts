import { cpus, loadavg, release, totalmem, type } from "node:os"
import restateServer from "@restatedev/restate-server/package.json" with { type: "json" }
import packageJson from "../package.json" with { type: "json" }
import type { AgainstOptions, AgainstResult, AgainstSample } from "./against.ts"
import {
  type BridgeBenchOptions,
  type BridgeResult,
  type HandlerName,
  type HandlerResult,
  type VariantName,
  variantNames,
  type WideResult,
  wideRounds
} from "./bridge.ts"
import type { DeployBenchOptions, DeployResult } from "./deploys.ts"
import type { IdleBenchOptions, IdleSample } from "./idle.ts"
import type { MemoryBenchOptions, MemoryResult } from "./memory.ts"
import { pairedRatios, quantile, type Spread, spread } from "./statistics.ts"

export interface Results {
  readonly bridge: BridgeResult
  readonly bridgeOptions: BridgeBenchOptions
  readonly memory: MemoryResult
  readonly memoryOptions: MemoryBenchOptions
  readonly deploys: ReadonlyArray<DeployResult>
  readonly deployOptions: DeployBenchOptions
  readonly idle: ReadonlyArray<IdleSample>
  readonly idleOptions: IdleBenchOptions
}

const described: Readonly<Record<HandlerName, { readonly text: string; readonly aim: number }>> = {
  add: { text: "get and set", aim: 0.97 },
  sequential: { text: "five steps", aim: 0.97 },
  parallel: { text: "five parallel steps", aim: 1 }
}

/** At most so many times what the same takes without the bridge. */
const p99Aim = 1.1
const processorAim = 1.15
const wideAim = 1.2

const ours: ReadonlyArray<VariantName> = ["Explicit", "Implicit"]

const range = ({ lower, median, upper }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${lower.toFixed(digits)} - ${upper.toFixed(digits)})`

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<string>): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n")

const verdict = (met: boolean): string => (met ? "met" : "missed")

const atMost = (ratio: Spread, aim: number): string => `${range(ratio, 2)}, ${aim} ${verdict(ratio.median <= aim)}`

const throughputTable = (results: ReadonlyArray<HandlerResult>): string =>
  table(
    [
      "handler",
      "variant",
      "requests/s",
      "ratio to bare",
      "aim",
      "p50 ms",
      "p99 ms",
      "worker µs/request",
      "ratio to bare, aim"
    ],
    results.flatMap(({ handler, samples }) => {
      const { aim, text } = described[handler]
      const rates = (variant: VariantName) => samples[variant].map((sample) => sample.requestsPerSecond)
      const processor = (variant: VariantName) => samples[variant].map((sample) => sample.workerMicros)
      const p99 = (variant: VariantName) =>
        quantile(
          samples[variant].flatMap((sample) => sample.millis),
          0.99
        )
      const line = (variant: VariantName): string => {
        const isBare = variant === "Bare"
        const ratio = spread(pairedRatios(rates(variant), rates("Bare")))
        const p99Ratio = p99(variant) / p99("Bare")
        return row(
          text,
          variant.toLowerCase(),
          range(spread(rates(variant)), 0),
          isBare ? "1" : range(ratio, 2),
          isBare ? "" : `${aim} ${verdict(ratio.median >= aim)}`,
          quantile(
            samples[variant].flatMap((sample) => sample.millis),
            0.5
          ).toFixed(1),
          `${p99(variant).toFixed(1)}${isBare ? "" : `: ${p99Ratio.toFixed(2)}, ${p99Aim} ${verdict(p99Ratio <= p99Aim)}`}`,
          range(spread(processor(variant)), 0),
          isBare ? "1" : atMost(spread(pairedRatios(processor(variant), processor("Bare"))), processorAim)
        )
      }
      return [line("Bare"), ...ours.map(line)]
    })
  )

const wideTable = ({ samples }: WideResult): string => {
  const millis = (variant: VariantName) => samples[variant].flatMap((sample) => sample.millis)
  return table(
    ["variant", "ms", "ratio to bare, aim"],
    [
      row("bare", range(spread(millis("Bare")), 0), "1"),
      ...ours.map((variant) =>
        row(
          variant.toLowerCase(),
          range(spread(millis(variant)), 0),
          atMost(spread(pairedRatios(millis(variant), millis("Bare"))), wideAim)
        )
      )
    ]
  )
}

const aloneTable = (results: ReadonlyArray<HandlerResult>): string =>
  table(
    ["handler", "bare µs", "explicit µs", "implicit µs", "explicit adds", "implicit adds"],
    results.map(({ alone, handler }) => {
      const bare = spread(alone.Bare)
      const added = (variant: VariantName): string => `${(spread(alone[variant]).median - bare.median).toFixed(0)} µs`
      return row(
        described[handler].text,
        range(bare, 0),
        range(spread(alone.Explicit), 0),
        range(spread(alone.Implicit), 0),
        added("Explicit"),
        added("Implicit")
      )
    })
  )

/** Of a deploy that waits for no other one, with neighbours that answer at once. */
const deployAim = 400

const deployTable = (results: ReadonlyArray<DeployResult>): string =>
  table(
    ["in flight", "deploys/s", "p50 ms", "aim", "p99 ms", "worker ms/deploy"],
    results.map(({ inFlight, samples }) => {
      const p50 = spread(samples.map((sample) => sample.p50Millis))
      return row(
        String(inFlight),
        range(spread(samples.map((sample) => sample.deploysPerSecond)), 1),
        range(p50, 0),
        inFlight === 1 ? `${deployAim} ${p50.median <= deployAim ? "met" : "missed"}` : "",
        range(spread(samples.map((sample) => sample.p99Millis)), 0),
        range(spread(samples.map((sample) => sample.processorMillis)), 0)
      )
    })
  )

const versions = (): string => {
  const { dependencies } = packageJson
  return `Node ${process.versions.node}, effect ${dependencies.effect}, @restatedev/restate-sdk ${dependencies["@restatedev/restate-sdk"]}, restate-server ${restateServer.version}`
}

const machine = (): string => {
  const processors = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return `${processors.length} x ${processors[0]?.model ?? "processor"}, ${memory} GiB, ${type()} ${release()}`
}

/** Everything runs beside everything else: without the load the numbers say little. */
const machineLoad = (): string =>
  `The machine has ${cpus().length} processors, and had a load average of ${loadavg()[2]?.toFixed(1)} over the last quarter of an hour.`

/** The section about deploys. */
export const deployReport = (results: ReadonlyArray<DeployResult>, { projects, rounds }: DeployBenchOptions): string =>
  `## Whole deploys

Docker image deploys through the ingress of the real stack: MySQL, Restate, the worker as production runs it, and a
simulated krane that polls every 20 ms and starts instances at once. ${results.map(({ deployments, inFlight }) => `${deployments} deployments with ${inFlight} in flight`).join(" and ")} per round, of
${projects} projects, ${rounds} rounds. A deploy counts from the call until Deploy answers: instances run, routes switched, rows written.
With one in flight, p50 is what a deploy takes. With many, p50 follows from throughput: the deploys in flight, divided by deploys/s.

${deployTable(results)}`

/** The section about a deploy here and in another checkout. */
export const againstReport = ({ commit, ours, theirs }: AgainstResult, { deploys, rounds }: AgainstOptions): string => {
  const line = (name: string, samples: ReadonlyArray<AgainstSample>): string => {
    const millis = (of: ReadonlyArray<AgainstSample>) => of.map(({ p50 }) => p50)
    const processor = (of: ReadonlyArray<AgainstSample>) => of.map((sample) => sample.processor)
    const ratio = (of: typeof millis) =>
      samples === theirs ? "1" : range(spread(pairedRatios(of(samples), of(theirs))), 3)
    return row(
      name,
      range(spread(millis(samples)), 0),
      ratio(millis),
      range(spread(processor(samples)), 1),
      ratio(processor)
    )
  }
  return `Written by \`npm run bench -- --against <folder>\`, where the folder is another checkout of this repository with its packages
installed. Both workers run at the same time, each with a Restate server and a database of its own, and deploy in turns: ${deploys} deploys
of each in a round, one after the other, ${rounds} rounds. Instances run before they are requested, so that no time between two polls is part of it. Cells are medians over the rounds, with the range of the middle half in brackets; a ratio compares p50 and the worker's
processor time of the same round. Against the same commit the ratio is 1, as far as the machine allows. ${machineLoad()}

${table(["checkout", "p50 ms", "ratio of p50", "worker ms/deploy", "ratio of worker ms"], [line(commit, theirs), line("this one", ours)])}`
}

/** The section about idle previews. */
export const idleReport = (samples: ReadonlyArray<IdleSample>, options: IdleBenchOptions): string => {
  const scans = samples.map((sample) => sample.scan)
  const floors = samples.map((sample) => sample.floor)
  return `## A search for idle previews

ScaleDownIdlePreviewDeployments over ${options.previews} quiet previews of 500 projects, all with traffic, through Restate, the worker, MySQL and the
engine of ClickHouse, from the call to the end of the last invocation. The floor is the same query by hand in the same round: one statement to each database over all previews at once, without pages, journal or locks. ${options.rounds} rounds.

${table(
  ["search ms", "floor ms", "ratio to floor"],
  [row(range(spread(scans), 0), range(spread(floors), 0), range(spread(pairedRatios(scans, floors)), 1))]
)}
`
}

/** The sections about the bridge and the SDK alone. */
export const bridgeReport = (
  { handlers, wide }: BridgeResult,
  { inFlight, rounds, seconds }: BridgeBenchOptions
): string => `## The kit against bare SDK handlers

The same handlers written twice: with Restate's SDK alone (\`bench/subjects/bare.ts\`, on the SDK's own endpoint, without a
log) and as Effect programs with the kit (\`bench/subjects/bridged.ts\`), in one bundled worker process. ${inFlight} requests in
flight over keep-alive connections, 2000 keys, ${rounds} rounds of ${seconds} s for each variant. Variants take turns within a round; a ratio
compares variants of the same round, so it is meaningful on a machine with other load.

${throughputTable(handlers)}

One invocation with 1,000 parallel steps, one after the other, ${Math.min(rounds, wideRounds)} rounds:

${wideTable(wide)}

## The same without server and network

Processor time of the worker for one invocation, one at a time, with the SDK and its state machine real and the server
played in process (\`bench/Loopback.ts\`; its own cost is in every column).

${aloneTable(handlers)}

${whereTheTimeGoes}`

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

/** At most so many times what a second part of the invocations has left resident. */
const memoryAim = 1.1

/** The section about memory. */
export const memoryReport = (result: MemoryResult, { invocations, parts }: MemoryBenchOptions): string => {
  const line = (variant: VariantName): string => {
    const samples = result[variant]
    const resident = samples.map((sample) => sample.residentBytes)
    const growth = (resident.at(-1) ?? Number.NaN) / (resident[1] ?? Number.NaN)
    return row(
      variant.toLowerCase(),
      resident.map(mebibytes).join(", "),
      growth.toFixed(2),
      variant === "Bare" ? "" : `${memoryAim} ${verdict(growth <= memoryAim)}`,
      `${samples[0]?.micros.toFixed(0)}, ${samples.at(-1)?.micros.toFixed(0)}`
    )
  }
  return `## Memory after ${invocations} invocations in one process

Five steps each, one after the other without a pause, with the server played in process. Resident memory after each ${invocations / parts} of
them, and the last figure by the second one, when the heap has its size. The SDK leaves the state machine of an attempt to the
garbage collector, which does not see its memory; the bridge frees it.

${table(["variant", "resident MiB", "growth", "aim", "µs of the first and the last part"], variantNames.map(line))}`
}

/** The whole of RESULTS.md. */
export const report = ({
  bridge,
  bridgeOptions,
  deployOptions,
  deploys,
  idle,
  idleOptions,
  memory,
  memoryOptions
}: Results): string => `# Benchmark results

Written by \`npm run bench\`, which measures everything below again (\`-- --quick\` for a quick run that keeps this file).
Server, worker, database and load generator share one machine: read the ratios, not the absolute numbers.
Cells are medians over the rounds, with the range of the middle half in brackets; latencies are over all requests.

- ${machine()}
- ${versions()}

${bridgeReport(bridge, bridgeOptions)}
${memoryReport(memory, memoryOptions)}


${deployReport(deploys, deployOptions)}

${idleReport(idle, idleOptions)}`

const whereTheTimeGoes = `## Where the time goes

Through a server, most of a request is the server's and the protocol's: so throughput differs less than processor time.

- **An attempt** adds a main fiber and the decoding of its input. The shorter the handler, the larger its share of the difference. Its fiber
  starts from references that are forked once per handler, and the SDK's class is inspected once: before, both took half of
  what an attempt adds. In turn it saves what Node's compatibility classes cost per request (\`Http2Exchange\`), which bare handlers pay.
- **A step** of the kit adds a fiber for its body (its fiber references are copied once; a body that never waits needs no
  timer), an exactly interruptible wait, and the schema.
- **A wait** asks the SDK's state machine which of the awaited entries is next (\`VmJournal\`). The SDK's own promises poll every contender of
  a race in every turn of the event loop, 15 turns for five steps; the journal makes no promise for a contender and no turn.
  Explicit cancellation is one more handle that is awaited.
- **Five parallel steps** are five fibers: \`Effect.forEach\` with unbounded concurrency takes about 100 µs for five elements that do
  nothing. In a profile a seventh of what an attempt takes copies, forks and joins their references, a quarter is Effect's run loop. What their
  bodies answer together leaves in one write, where the SDK writes five times.
- **Garbage**: each fiber is short-lived; collecting takes three times as long as with bare handlers.
- **Of both**: the SDK makes three loggers per attempt (4 % of the samples under load) and aborts a signal at the end of each, whose
  \`DOMException\` captures a stack (3 %).

A profile of any of these: GET /bench/profile/start and /bench/profile/stop on the bench worker around a load (\`bench/worker.ts\`).
`
