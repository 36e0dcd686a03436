import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Host, start, succeed, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

const first = "1970-01-01T00:00:00.000Z"
const second = "1970-01-01T00:00:01.000Z"

export const invocationGuarantees = (it: It): void => {
  it.effect("a workflow waits for a named signal of another one, and for the next of the same name", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("waitsForSignals")
      yield* succeed("signals", { id, millis: 0 })
      yield* untilNoted(key, "first")
      yield* succeed("signals", { id, millis: 1000 })
      assert.deepStrictEqual((yield* host.attach(id)).body, [first, second])
      assert.strictEqual(yield* times(key, "first"), 1)
    })
  )

  it.effect("a signal that another workflow rejects fails where it is awaited", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id } = yield* start("waitsForSignals")
      yield* succeed("rejectsSignal", id)
      assert.deepStrictEqual((yield* host.attach(id)).body, ["rejected: no"])
    })
  )

  it.effect("a signal whose value does not fit is a failure where it is sent", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("signalsMisfit")).output, "signal go: the value does not fit its schema at at")
    })
  )

  it.effect("a workflow waits for the end of an invocation that it knows by its id", () =>
    Effect.gen(function* () {
      const { id } = yield* start("nap", 100)
      assert.strictEqual((yield* succeed("attaches", id)).output, "slept")
      assert.strictEqual((yield* succeed("attaches", id)).output, "slept")
      assert.strictEqual((yield* succeed("attachesToNothing")).output, 404)
    })
  )

  it.effect("a failure reaches those who attach as its class when the invocation was asked for it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("attachesToFailures")).output, ["a 3", "untyped 422"])
    })
  )

  it.effect("giving up on an invocation that was attached to does not cancel it; cancelling it does", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const kept = yield* start("nap", 400)
      assert.strictEqual((yield* succeed("givesUpAttaching", kept.id)).output, "gave up")
      assert.strictEqual((yield* host.attach(kept.id)).body, "slept")
      const { key, id } = yield* start("nap", 3_600_000)
      yield* untilNoted(key, "before")
      yield* succeed("cancelsById", id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
    })
  )

  it.effect("a handler reads its caller's headers, the same on every attempt", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("asksWithHeaders")).output, ["a", "a", "b", "b"])
    })
  )

  it.effect("headers of one attempt are known to steps only", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("tellsAttempt")).output, [true, false])
    })
  )

  it.effect("an operation of the SDK's context waits and fails like any other", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("usesContext")).output, [1, 2, 1])
      assert.strictEqual((yield* succeed("usesContextInVain")).output, "418 no")
    })
  )
}
