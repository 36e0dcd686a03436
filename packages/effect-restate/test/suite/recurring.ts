import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { freshKey, Host, recorded, start, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

export const recurringGuarantees = (it: It): void => {
  it.effect("a handler goes on in another invocation with its next input", () =>
    Effect.gen(function* () {
      const { key } = yield* start("countsDown", 3)
      yield* untilNoted(key, "left 0")
      assert.deepStrictEqual(yield* recorded(key), ["left 3", "left 2", "left 1", "left 0"])
    })
  )

  it.effect("a schedule fires again and again until it is stopped", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      assert.strictEqual((yield* host.call(key, "startsTicking")).status, 200)
      const ticks = times(key, "tick")
      yield* host.until(
        "three ticks",
        Effect.map(ticks, (count) => count >= 3)
      )
      assert.strictEqual((yield* host.call(key, "stopsTicking")).status, 200)
      const stopped = yield* ticks
      // A firing that was in the queue of the key by then does nothing.
      assert.strictEqual((yield* host.call(key, "ticks", { schedule: "another", due: 0 })).body, false)
      yield* host.call(key, "nap", 200)
      assert.strictEqual(yield* ticks, stopped)
    })
  )
}
