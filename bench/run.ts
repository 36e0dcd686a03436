import { parseArgs } from "node:util"
import { Effect } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { benchBridge } from "./bridge.ts"
import { benchDeploys } from "./deploys.ts"
import { benchIdle } from "./idle.ts"
import { idleReport, report } from "./report.ts"
import { writeMain } from "./resultsFile.ts"

const { values } = parseArgs({
  options: {
    /** How often everything is measured; medians are taken over the rounds. */
    rounds: { type: "string", default: "30" },
    /** How long one variant of one handler is under load. */
    seconds: { type: "string", default: "1" },
    /** A short look: two rounds, printed and not written. */
    quick: { type: "boolean", default: false },
    /** One part alone, printed and not written. */
    only: { type: "string", default: "" }
  }
})

const { quick } = values
const rounds = quick ? 2 : Number(values.rounds)
const seconds = Number(values.seconds)

const idleOptions = { rounds: Math.min(rounds, 10), previews: quick ? 1000 : 10_000 }

const idleAlone = Effect.gen(function* () {
  const idle = yield* benchIdle(idleOptions)
  yield* Effect.sync(() => process.stdout.write(`\n${idleReport(idle, idleOptions)}\n`))
})

const bench = Effect.gen(function* () {
  const bridgeOptions = { rounds, seconds, inFlight: 16 }
  const deployOptions = { rounds: Math.min(rounds, 5), deployments: quick ? 16 : 64, projects: 8, inFlight: 16 }
  const bridge = yield* benchBridge(bridgeOptions)
  const deploys = yield* benchDeploys(deployOptions)
  const idle = yield* benchIdle(idleOptions)
  const text = report({ bridge, bridgeOptions, deploys, deployOptions, idle, idleOptions })
  yield* Effect.sync(() => process.stdout.write(`\n${text}\n`))
  if (!quick) yield* writeMain(text)
})

const chosen = values.only === "idle" ? idleAlone : bench

chosen.pipe(Effect.provide(RunDirectoryLive), runCommand)
