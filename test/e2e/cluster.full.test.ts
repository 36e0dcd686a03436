import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { cutOff, pause } from "../../bench/chaos/faults.ts"
import { fixture, neighbours } from "../../bench/chaos/fixture.ts"
import { installLedger } from "../../bench/chaos/ledger.ts"
import { load, loadFor, seedProjects } from "../../bench/chaos/load.ts"
import { unfinishedAt } from "../../bench/chaos/unfinished.ts"
import { findProblems } from "../../bench/chaos/verdict.ts"
import { inRealTime } from "../../dev/stack/RealTime.ts"
import { RunDirectoryLive } from "../../dev/stack/RunDirectory.ts"

const projects = 12
/** Commands of each project after the last fault. */
const tail = 3

describe("three Restate servers, three workers and a database with a replica", () => {
  it.scoped(
    "lose, repeat and block nothing while each server is killed, and others are paused, cut off and killed",
    () =>
      Effect.gen(function* () {
        const stage = yield* fixture({ nodes: 3, workers: 3 })
        const { replica, restate, workers } = stage
        const [first, second, third] = restate
        assert.isDefined(first)
        assert.isDefined(second)
        assert.isDefined(third)
        // Each server leads some of the partitions, so that leaders are among what is struck.
        const strikes = [
          ...restate.map(({ strike }) => strike("SIGKILL", "1 second")),
          pause(first.pid),
          cutOff(second),
          pause(workers[0].pid),
          Effect.flatMap(replica, ({ strike }) => strike("SIGKILL", "1 second"))
        ]
        const problems = yield* Effect.gen(function* () {
          yield* installLedger({ deadlocks: false })
          const started = yield* seedProjects(projects)
          const nemesis = Effect.forEach(strikes, (strike) => Effect.zipRight(Effect.sleep("3 seconds"), strike))
          const [outcome] = yield* Effect.all([loadFor(started, "60 seconds"), nemesis], { concurrency: 2 })
          assert.isAbove(outcome.done.length, projects)
          const last = yield* load(outcome.expected, tail * projects)
          return yield* findProblems(
            { ...last, wrong: [...outcome.wrong, ...last.wrong] },
            unfinishedAt(stage.restateAdmin)
          )
        }).pipe(Effect.provide(neighbours(stage)))
        assert.deepStrictEqual(problems, [])
      }).pipe(inRealTime, Effect.withRandom(Random.make("cluster")), Effect.provide(RunDirectoryLive)),
    400_000
  )
})
