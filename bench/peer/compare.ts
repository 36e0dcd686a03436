import { Array as Arr, Effect, Option } from "effect"
import { pairedRatios, type Spread, spread } from "../statistics.ts"
import { type Pace, type PeerLoad, type PeerSample, peerRound } from "./load.ts"
import type { Peer } from "./Peer.ts"

export interface PeerResult {
  readonly peer: Peer
  readonly samples: ReadonlyArray<PeerSample>
}

/** Rounds of all workers in turns; every second round in the opposite order, so that none always comes first. */
export const comparePeers = (peers: ReadonlyArray<Peer>, load: PeerLoad, rounds: number) =>
  Effect.gen(function* () {
    const run = yield* Effect.forEach(peers, (peer) =>
      Effect.map(peerRound(peer, load), ({ round }) => ({ peer, round }))
    )
    const samples = new Map<Peer, ReadonlyArray<PeerSample>>(peers.map((peer) => [peer, []]))
    for (let nth = 0; nth < rounds; nth++)
      for (const { peer, round } of nth % 2 === 0 ? run : run.toReversed())
        samples.set(peer, [...(samples.get(peer) ?? []), yield* round])
    return peers.map((peer): PeerResult => ({ peer, samples: samples.get(peer) ?? [] }))
  }).pipe(Effect.scoped)

interface Measure {
  readonly title: string
  readonly digits: number
  readonly of: (sample: PeerSample) => number
}

/** A value that was not measured prints as "-". */
const orNaN = Option.getOrElse(() => Number.NaN)

const measures: ReadonlyArray<Measure> = [
  { title: "deploys/s", digits: 1, of: ({ deploysPerSecond }) => deploysPerSecond },
  { title: "p50 ms", digits: 0, of: ({ p50Millis }) => p50Millis },
  { title: "p99 ms", digits: 0, of: ({ p99Millis }) => p99Millis },
  { title: "worker ms/deploy", digits: 1, of: (it) => orNaN(it.processorMillis) },
  { title: "worker MiB", digits: 0, of: (it) => orNaN(it.residentMiB) },
  { title: "journal B/deploy", digits: 0, of: (it) => orNaN(it.journalBytes) }
]

const range = ({ lower, median, upper }: Spread, digits: number) =>
  Number.isNaN(median) ? "-" : `${median.toFixed(digits)} (${lower.toFixed(digits)}..${upper.toFixed(digits)})`

export const describePace = ({ _tag, deploys }: Pace) =>
  _tag === "InFlight" ? `${deploys} in flight` : `${deploys} a second`

/** One line for each worker: its own figures, and each one's ratio to the first worker in the same round. */
export const peerTable = (results: ReadonlyArray<PeerResult>, { pace, regions }: PeerLoad): string => {
  const [first] = results
  const lines = results.map(({ peer, samples }) => [
    peer.name,
    ...measures.map(({ digits, of }) => {
      const values = samples.map(of)
      const ratio = range(spread(pairedRatios(values, first?.samples.map(of) ?? [])), 2)
      const own = range(spread(values), digits)
      return peer === first?.peer || ratio === "-" ? own : `${own}, x${ratio}`
    }),
    String(samples.reduce((sum, { failed }) => sum + failed, 0))
  ])
  const rows = [
    [`${describePace(pace)}, ${regions.length} region(s)`, ...measures.map(({ title }) => title), "failed"],
    Arr.replicate("---", measures.length + 2),
    ...lines
  ]
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}
