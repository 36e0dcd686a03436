import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { Telemetry } from "../fixtures/telemetry.ts"
import { freshKey, Host, recorded, start, succeed, times, untilErrorSays, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

/** The SDK's codes 570 to 579 say that a replay did not repeat its journal. */
const mismatch = /\(57\d\)/

export const concurrencyGuarantees = (it: It): void => {
  it.effect("the loser of a race is interrupted and gives back what it held when the workflow ends with the race", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("raceEnds")
      assert.strictEqual(output, "fast")
      yield* untilNoted(key, "released")
      if (host.suspendsAtOnce) return
      yield* untilNoted(key, "slow 1 interrupted")
      assert.strictEqual(yield* times(key, "slow 1 ended"), 0)
    })
  )

  it.effect("the loser of a race is interrupted at once, not at the end of the attempt", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("raceGoesOn")
      assert.strictEqual(output, "fast")
      if (host.suspendsAtOnce) return
      const [first, second, ...last] = yield* recorded(key)
      assert.deepStrictEqual([first, second], ["acquired", "slow started"])
      assert.sameMembers(last, ["slow 1 interrupted", "released"])
    })
  )

  it.effect("a defect in one branch of a fan-out interrupts its siblings, which run again with it", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("siblings")
      assert.deepStrictEqual(output, ["slow", "flaky"])
      const started = yield* times(key, "slow started")
      for (let run = 1; run < started; run++) assert.strictEqual(yield* times(key, `slow ${run} interrupted`), 1)
      assert.strictEqual(yield* times(key, `slow ${started} ended`), 1)
      assert.strictEqual(yield* times(key, "flaky"), 3)
    })
  )

  it.effect("a step that outlives its attempt changes nothing: its result is dropped and the step runs again", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("outlives")
      yield* untilNoted(key, "slow 1 ended")
      const [slow] = output as ReadonlyArray<string>
      assert.notStrictEqual(slow, "slow 1")
      assert.strictEqual(yield* times(key, "flaky"), 3)
    })
  )

  // It reads what all tests of the host have logged.
  describe.sequential("many at once", () => {
    it.effect("60 invocations of five parallel branches with six steps each replay without a journal mismatch", () =>
      Effect.gen(function* () {
        const host = yield* Host
        const { lines } = yield* Telemetry
        // Tests before it provoke mismatches.
        const before = lines.length
        const begin = Effect.flatMap(freshKey, (key) => host.send(key, "parallel", { branches: 5, depth: 6 }))
        const ids = yield* Effect.replicateEffect(begin, 60)
        for (const id of ids) assert.deepStrictEqual((yield* host.attach(id)).body, [15, 615, 1215, 1815, 2415])
        assert.deepStrictEqual(
          lines.slice(before).filter(({ text }) => mismatch.test(text)),
          []
        )
      })
    )
  })

  it.effect("fibers of one workflow may hand values to each other in memory", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("handOver")).output, [1, 2, 3])
    })
  )

  it.effect("a fiber may wait for another one of its workflow with yieldNow", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("awaitsSibling")).output, "made")
    })
  )

  it.effect("an attempt that never rests is cut with an error that names the fiber, and others go on meanwhile", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("restless", "yields")
      assert.isAbove(Number(output), 100)
      assert.strictEqual(yield* times(key, "ran"), 2)
      yield* untilErrorSays(key, "ran 5000000 operations without waiting for anything durable")
    })
  )

  for (const handler of ["rawAsync", "rawAsyncBeside", "stuck"] as const) {
    it.effect(`waiting on something that is not in the journal is an error that names the fix (${handler})`, () =>
      Effect.gen(function* () {
        const host = yield* Host
        const { key, id } = yield* start(handler)
        yield* untilErrorSays(key, "wrap that effect in a step")
        yield* host.kill(id)
      })
    )
  }
}
