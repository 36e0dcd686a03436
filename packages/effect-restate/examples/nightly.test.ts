import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Nightly, NightlyLive, Reports } from "./nightly.ts"

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate({ ...options, startMillis: Date.UTC(2030, 0, 1, 15) })
    const written = new Set<string>()
    yield* restate.serve(NightlyLive).pipe(
      Effect.provideService(Reports, {
        write: (report, day) => Effect.sync(() => void written.add(`${report} ${day}`))
      })
    )
    yield* restate.call(Nightly, "sales", "Start", undefined)
    yield* restate.call(Nightly, "sales", "Stop", undefined)
    yield* restate.call(Nightly, "sales", "Start", undefined)
    yield* restate.advance("3 days")
    yield* restate.call(Nightly, "sales", "Stop", undefined)
    yield* restate.drain
    const runs = restate.invocations.filter(({ target }) => target.handler === "Run").length
    return { written: [...written], runs }
  })

it.effect("a report is written each midnight until it is stopped, wherever its process is killed", () =>
  Effect.gen(function* () {
    // One run of the first start, three of the second one, and one that finds it stopped.
    const written = ["sales 2030-01-02", "sales 2030-01-03", "sales 2030-01-04"]
    assert.deepStrictEqual(yield* story({}), { written, runs: 5 })
    yield* crashMatrix(story)
  })
)
