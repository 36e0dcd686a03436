import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Host, recorded, succeed, times } from "./Host.ts"
import type { It } from "./semantics.ts"

export const timeGuarantees = (it: It): void => {
  it.effect("a sleep survives suspension, and the steps around it run once", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("nap", 200)
      assert.strictEqual(output, "slept")
      assert.deepStrictEqual(notes, ["before", "after"])
    })
  )

  it.effect("the clock stands still between two waits and moves on over a sleep, the same on every attempt", () =>
    Effect.gen(function* () {
      const { sameTurn, overSleep } = (yield* succeed("clock")).output as { sameTurn: number; overSleep: number }
      assert.strictEqual(sameTurn, 0)
      assert.isAtLeast(overSleep, 120)
      assert.isBelow(overSleep, 5_000)
    })
  )

  it.effect("Effect.retry with a schedule is durable, also with fractions of a millisecond between the tries", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("poll")
      assert.strictEqual(output, 5)
      assert.strictEqual(notes.length, 5)
    })
  )

  it.effect("Effect.timeout over a step interrupts its body and the workflow goes on", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("timeout")
      assert.strictEqual(output, "timed out")
      assert.strictEqual(yield* times(key, "after"), 1)
      if (host.suspendsAtOnce) return
      assert.strictEqual(yield* times(key, "slow 1 interrupted"), 1)
      assert.strictEqual(yield* times(key, "slow 1 ended"), 0)
    })
  )

  it.effect("a timeout, a sleep and a step's timeout may be without an end", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("endless")
      assert.deepStrictEqual(output, ["slow", "slept"])
      assert.deepStrictEqual(notes, ["slow started", "slow 1 ended"])
    })
  )

  for (const what of ["Cache", "RcMap", "Pool"] as const)
    it.effect(`a ${what} of a workflow forgets what is too old, the same on every attempt`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* succeed("expires", what)).output, [1, 1, 2])
      })
    )

  it.effect("time that is read without an effect has moved as far as the times the journal holds", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* succeed("readsTime")).output)
    })
  )

  it.effect("random numbers and ids are the same on every attempt, and differ between invocations", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("random")
      const [first, second] = output as ReadonlyArray<string>
      assert.deepStrictEqual([...new Set(yield* recorded(key))], [`first ${first}`, `second ${second}`])
      if (host.suspendsAtOnce) assert.isAbove(yield* times(key, `first ${first}`), 1)
      assert.notDeepEqual((yield* succeed("random")).output, output)
    })
  )
}
