import { assert, it, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { comparePeers, peerTable } from "../../bench/peer/compare.ts"
import type { PeerLoad } from "../../bench/peer/load.ts"
import { type Peer, parsePeer } from "../../bench/peer/Peer.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RestateClient } from "../support/stack/Restate.ts"
import { DatabaseUrl, stack, Workers } from "./support/Stack.ts"

const region = "us-east-1.aws"

layer(stack({ regions: [region], kraneRegions: [] }), { excludeTestServices: true, timeout: "2 minutes" })(
  "the driver that compares workers",
  (it) => {
    for (const { pace, startDelay } of [
      { pace: { _tag: "InFlight", deploys: 4 }, startDelay: 100 },
      { pace: { _tag: "PerSecond", deploys: 4 }, startDelay: 0 }
    ] as const)
      it.effect(`measures every deploy, and sets each worker against the first: ${pace._tag}`, () =>
        Effect.gen(function* () {
          const { admin, ingress } = yield* RestateClient
          const { first } = yield* Workers
          const one: Peer = {
            name: "one",
            ingress,
            database: yield* DatabaseUrl,
            metrics: Option.some(first.metrics),
            admin: Option.some(admin)
          }
          const peers = [one, { ...one, name: "other", metrics: Option.none(), admin: Option.none() }]
          const load: PeerLoad = { pace, regions: [region], startDelay, deploys: 8, projects: 2 }
          const results = yield* comparePeers(peers, load, 1)
          for (const { samples } of results) {
            assert.lengthOf(samples, 1)
            assert.strictEqual(samples[0]?.failed, 0)
            assert.isAbove(samples[0]?.p99Millis ?? 0, startDelay)
          }
          const [, , ours = "", theirs = ""] = peerTable(results, load).split("\n")
          assert.match(ours, /^\| one \| [\d.]+ \(.*\| 0 \|$/)
          assert.match(theirs, /^\| other \| [\d.]+ \([^|]*\), x[\d.]+ .*\| - \| - \| - \| 0 \|$/)
          const [measured] = results
          assert.isAbove(Option.getOrThrow(measured?.samples[0]?.residentMiB ?? Option.none()), 10)
          assert.isAbove(Option.getOrThrow(measured?.samples[0]?.journalBytes ?? Option.none()), 1000)
        }).pipe(inRealTime)
      )
  }
)

it.effect("a worker that is not given as name and addresses is refused, without its password", () =>
  Effect.gen(function* () {
    const peer = yield* parsePeer("go=http://127.0.0.1:8080,mysql://root@127.0.0.1:3306/unkey")
    assert.deepStrictEqual(peer.metrics, Option.none())
    const refused = yield* Effect.flip(parsePeer("go=127.0.0.1:8080,mysql://root:hidden@127.0.0.1/unkey"))
    assert.notInclude(refused.message, "hidden")
  })
)
