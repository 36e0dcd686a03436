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

  it.effect("a cancellation reaches the handler when the cancellable region before has lost a race", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("afterLostRegion")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
    })
  )

  it.effect("a cancellation that meets a lost region while it gives back cancels what is around it", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("givesBackSlowly")
      yield* untilNoted(key, "giving back")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.deepStrictEqual(yield* recorded(key), ["giving back", "gave back"])
    })
  )

  it.effect("a cancellation that a region ends well in spite of cancels what is around it", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("endsInSpite")
      yield* untilNoted(key, "begun")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.deepStrictEqual(yield* recorded(key), ["begun", "ended"])
    })
  )

  it.effect("a cancellation after a recovered one is delivered too", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("recoversOnce")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      yield* untilNoted(key, "recovered")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.strictEqual(yield* times(key, "recovered"), 1)
    })
  )

  it.effect("a cancellable region hands on the fiber references that its effect has set", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("inherits")).output, "inside")
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
