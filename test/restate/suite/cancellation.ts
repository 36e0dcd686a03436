import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Host, recorded, start, succeed, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

export const cancellationGuarantees = (it: It): void => {
  it.effect("a cancellable region turns a cancellation into a typed failure, and the workflow goes on durably", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("recover")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      const answer = yield* host.attach(id)
      assert.deepStrictEqual([answer.status, answer.body], [200, "recovered"])
      assert.strictEqual(yield* times(key, "after"), 1)
    })
  )

  it.effect("of nested cancellable regions the innermost receives the cancellation", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("innermost")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).body, "inner")
    })
  )

  it.effect("a cancellation inside an uninterruptible region takes effect at its end", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("uninterruptible")
      yield* untilNoted(key, "begun")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.deepStrictEqual(yield* recorded(key), ["begun", "inside"])
    })
  )

  it.effect("a cancellation interrupts a running step as soon as it reaches the invocation", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("longStep", host.suspendsAtOnce ? 500 : 60_000)
      yield* untilNoted(key, "long started")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      const end = host.suspendsAtOnce ? "long 1 ended" : "long 1 interrupted"
      yield* untilNoted(key, end)
      assert.deepStrictEqual(yield* recorded(key), ["long started", end])
    })
  )

  it.effect("a suspension releases what the attempt held, and a durable finalizer runs once, at the end", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("scoped")
      assert.strictEqual(output, "done")
      const acquired = yield* times(key, "acquired")
      yield* host.until(
        "everything acquired is released",
        Effect.map(times(key, "released"), (released) => released === acquired)
      )
      assert.strictEqual(yield* times(key, "finalized"), 1)
      if (host.suspendsAtOnce) assert.isAbove(acquired, 1)
    })
  )
}
