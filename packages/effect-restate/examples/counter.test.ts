import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { crashMatrix, MemoryRestate, type MemoryRestateOptions } from "effect-restate/testing"
import { Counter, CounterLive } from "./counter.ts"

const story = (options: MemoryRestateOptions) =>
  Effect.gen(function* () {
    const restate = new MemoryRestate(options)
    yield* restate.serve(CounterLive)
    const sums = [yield* restate.call(Counter, "a", "Add", 2), yield* restate.call(Counter, "a", "Add", 3)]
    yield* restate.call(Counter, "b", "Add", 1)
    yield* restate.call(Counter, "b", "Reset", undefined)
    const left = [
      yield* restate.call(Counter, "a", "Get", undefined),
      yield* restate.call(Counter, "b", "Get", undefined)
    ]
    return { sums, left }
  })

it.effect("a counter counts under each key, wherever its process is killed", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* story({}), { sums: [2, 5], left: [5, 0] })
    yield* crashMatrix(story)
  })
)
