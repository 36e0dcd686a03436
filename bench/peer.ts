import { parseArgs } from "node:util"
import { Array as Arr, Effect, Layer } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { mySqlServer } from "../dev/stack/MySqlServer.ts"
import { RunDirectoryLive } from "../dev/stack/RunDirectory.ts"
import { comparePeers, peerTable } from "./peer/compare.ts"
import { goPeer } from "./peer/goPeer.ts"
import type { Pace, PeerLoad } from "./peer/load.ts"
import { ownPeer } from "./peer/ownPeer.ts"
import { parsePeer } from "./peer/Peer.ts"

const { values } = parseArgs({
  options: {
    /**
     * `name=<ingress>,<mysql address>[,<metrics address>[,<admin address>]]`; the others are compared with the first one.
     * Without any, this checkout's worker is started.
     */
    worker: { type: "string", multiple: true, default: [] },
    /** Command that starts Unkey's ctrl worker; `--config <file>` is added. It needs MySQL (docs/development.md). */
    go: { type: "string" },
    /** Deploys at a time, separated by commas. */
    "in-flight": { type: "string", default: "1,16,64" },
    /** Deploys started in a second, separated by commas. */
    rate: { type: "string", default: "" },
    /** Names of regions, separated by commas. */
    regions: { type: "string", default: "us-east-1.aws" },
    /** Milliseconds from a topology row to running instances. */
    "start-delay": { type: "string", default: "0" },
    deploys: { type: "string", default: "192" },
    projects: { type: "string", default: "8" },
    rounds: { type: "string", default: "5" }
  }
})

const listOf = (text: string) => text.split(",").filter((item) => item !== "")

const regions = listOf(values.regions)

const paces: ReadonlyArray<Pace> = [
  ...listOf(values["in-flight"]).map((deploys): Pace => ({ _tag: "InFlight", deploys: Number(deploys) })),
  ...listOf(values.rate).map((deploys): Pace => ({ _tag: "PerSecond", deploys: Number(deploys) }))
]

const loadOf = (pace: Pace): PeerLoad => ({
  pace,
  regions,
  startDelay: Number(values["start-delay"]),
  deploys: Number(values.deploys),
  projects: Number(values.projects)
})

const toStart = [
  ...Arr.map(Arr.fromNullable(values.go), (command) => goPeer(command, regions)),
  ...(values.worker.length === 0 ? [ownPeer(regions)] : [])
]

/** Workers that run already need no database server of this run. */
const startedPeers =
  toStart.length === 0
    ? Effect.succeed([])
    : Effect.flatMap(Layer.build(mySqlServer), (server) => Effect.provide(Effect.all(toStart), server))

Effect.gen(function* () {
  const given = yield* Effect.forEach(values.worker, parsePeer)
  const peers = [...(yield* startedPeers), ...given]
  for (const load of paces.map(loadOf)) {
    const results = yield* comparePeers(peers, load, Number(values.rounds))
    yield* Effect.sync(() => process.stdout.write(`\n${peerTable(results, load)}\n`))
  }
}).pipe(Effect.scoped, Effect.provide(RunDirectoryLive), runCommand)
