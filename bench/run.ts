import { parseArgs } from "node:util"
import { Effect } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { type RunDirectory, RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { benchAgainst } from "./against.ts"
import { benchBridge } from "./bridge.ts"
import { benchChanges } from "./changes.ts"
import { benchDeploys } from "./deploys.ts"
import { benchIdle } from "./idle.ts"
import { benchMemory } from "./memory.ts"
import { type ModelOptions, measureModel } from "./model/measure.ts"
import { modelReport } from "./model/report.ts"
import { againstReport, bridgeReport, deployReport, idleReport, memoryReport, report } from "./report.ts"
import { writeAgainst, writeMain } from "./resultsFile.ts"

const { values } = parseArgs({
  options: {
    /** How often everything is measured; medians are taken over the rounds. */
    rounds: { type: "string", default: "30" },
    /** How long one variant of one handler is under load. */
    seconds: { type: "string", default: "1" },
    /** A short look: two rounds, printed and not written. */
    quick: { type: "boolean", default: false },
    /** One part alone: `bridge`, `memory`, `deploys`, `changes` or `idle`. Printed and not written. */
    only: { type: "string", default: "" },
    /** The capacity model alone: predicts points and compares them with what it measures. */
    model: { type: "boolean", default: false },
    /** Deploys alone, beside those of another checkout's worker. */
    against: { type: "string" }
  }
})

const { quick } = values
const rounds = quick ? 2 : Number(values.rounds)
const seconds = Number(values.seconds)

const bridgeOptions = { rounds, seconds, inFlight: 16 }

const memoryOptions = { invocations: quick ? 10_000 : 100_000, parts: 10 }

const idleOptions = { rounds: Math.min(rounds, 10), previews: quick ? 1000 : 10_000 }

const deployOptions = {
  rounds: Math.min(rounds, 5),
  loads: quick
    ? [
        { inFlight: 1, deployments: 8 },
        { inFlight: 16, deployments: 16 }
      ]
    : [
        { inFlight: 1, deployments: 32 },
        { inFlight: 16, deployments: 64 }
      ],
  projects: 8
}

const changesOptions = { rounds: Math.min(rounds, 5), changes: quick ? 500 : 2000, inFlight: 64 }

const modelOptions: ModelOptions = {
  calibration: { alone: quick ? 8 : 24, loaded: quick ? 32 : 96, inFlight: 8 },
  points: [
    { regions: 1, inFlight: 4, deploys: 64 },
    { regions: 1, inFlight: 16, deploys: 128 },
    { regions: 1, inFlight: 32, deploys: 192 },
    { regions: 1, inFlight: 64, deploys: 256 },
    { regions: 2, inFlight: 16, deploys: 128 },
    { regions: 3, inFlight: 16, deploys: 128 },
    { regions: 3, inFlight: 64, deploys: 256 }
  ].map((point) => (quick ? { ...point, deploys: point.deploys / 2 } : point)),
  changes: quick ? 500 : 2000
}

const changesReport = (perSecond: ReadonlyArray<number>) =>
  `published changes per second of one region, ${changesOptions.inFlight} at once, by round: ${perSecond.map(Math.round).join(", ")}`

const print = (text: string) => Effect.sync(() => process.stdout.write(`\n${text}\n`))

const parts: Readonly<Record<string, Effect.Effect<void, Error, RunDirectory>>> = {
  bridge: Effect.flatMap(benchBridge(bridgeOptions), (bridge) => print(bridgeReport(bridge, bridgeOptions))),
  memory: Effect.flatMap(benchMemory(memoryOptions), (memory) => print(memoryReport(memory, memoryOptions))),
  idle: Effect.flatMap(benchIdle(idleOptions), (idle) => print(idleReport(idle, idleOptions))),
  changes: Effect.flatMap(benchChanges(changesOptions), (perSecond) => print(changesReport(perSecond))),
  deploys: Effect.flatMap(benchDeploys(deployOptions), (deploys) => print(deployReport(deploys, deployOptions)))
}

const against = (folder: string) =>
  Effect.gen(function* () {
    const options = { folder, rounds, deploys: quick ? 6 : 20 }
    const text = againstReport(yield* benchAgainst(options), options)
    yield* print(text)
    if (!quick) yield* writeAgainst(text)
  })

const all = Effect.gen(function* () {
  const bridge = yield* benchBridge(bridgeOptions)
  const memory = yield* benchMemory(memoryOptions)
  const deploys = yield* benchDeploys(deployOptions)
  const idle = yield* benchIdle(idleOptions)
  const text = report({ bridge, bridgeOptions, memory, memoryOptions, deploys, deployOptions, idle, idleOptions })
  yield* print(text)
  if (!quick) yield* writeMain(text)
})

const model = Effect.flatMap(measureModel(modelOptions), (run) => print(modelReport(run)))

const alone = values.model ? model : (parts[values.only] ?? all)
const chosen = values.against === undefined ? alone : against(values.against)

chosen.pipe(Effect.provide(RunDirectoryLive), runCommand)
