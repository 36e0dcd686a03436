import { parseArgs } from "node:util"
import { Effect } from "effect"
import { runCommand } from "../dev/stack/Command.ts"
import { comparePeers, peerTable } from "./peer/compare.ts"
import type { Pace, PeerLoad } from "./peer/load.ts"
import { parsePeer } from "./peer/Peer.ts"

const { values } = parseArgs({
  options: {
    /** `name=<ingress>,<mysql address>[,<metrics address>]`; the others are compared with the first one. */
    worker: { type: "string", multiple: true, default: [] },
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

const paces: ReadonlyArray<Pace> = [
  ...listOf(values["in-flight"]).map((deploys): Pace => ({ _tag: "InFlight", deploys: Number(deploys) })),
  ...listOf(values.rate).map((deploys): Pace => ({ _tag: "PerSecond", deploys: Number(deploys) }))
]

const loadOf = (pace: Pace): PeerLoad => ({
  pace,
  regions: listOf(values.regions),
  startDelay: Number(values["start-delay"]),
  deploys: Number(values.deploys),
  projects: Number(values.projects)
})

Effect.gen(function* () {
  const peers = yield* Effect.forEach(values.worker, parsePeer)
  for (const load of paces.map(loadOf)) {
    const results = yield* comparePeers(peers, load, Number(values.rounds))
    yield* Effect.sync(() => process.stdout.write(`\n${peerTable(results, load)}\n`))
  }
}).pipe(runCommand)
