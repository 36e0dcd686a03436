import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { freshKey, Host, recorded, start, succeed, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

const done = ["do a", "do b"]
const undone = ["do a", "do b", "undo b", "undo a"]

/** A replay comes by the place where the body waits again. */
const stepsOf = (key: string) => Effect.map(recorded(key), (notes) => notes.filter((note) => note !== "waiting"))

export const sagaGuarantees = (it: It): void => {
  it.effect("a saga that succeeds compensates nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("saga", "succeed")).notes, done)
    })
  )

  it.effect("a saga that fails with a typed failure compensates once, last first, and still fails with it", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const answer = yield* host.call(key, "saga", "refuse")
      assert.strictEqual(answer.status, 422)
      assert.deepStrictEqual(yield* recorded(key), undone)
    })
  )

  it.effect("a saga that has succeeded inside another one is undone when that one fails", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      assert.strictEqual((yield* host.call(key, "sagaInSaga", "hand on")).status, 422)
      assert.deepStrictEqual(yield* recorded(key), undone)
    })
  )

  it.effect("a saga that forgets its undos when it succeeds is not undone by the one around it", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      assert.strictEqual((yield* host.call(key, "sagaInSaga", "forget")).status, 422)
      assert.deepStrictEqual(yield* recorded(key), ["do a", "do b", "undo a"])
    })
  )

  it.effect("an undo has the services of the place where it is registered, not of where its saga ends", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      assert.strictEqual((yield* host.call(key, "undoOfTenant")).status, 422)
      assert.deepStrictEqual(yield* recorded(key), ["do for inner", "undo for inner"])
    })
  )

  it.effect("a saga that ends with a defect compensates nothing, for Restate retries it", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("saga", "defect once")
      assert.strictEqual(output, "done")
      assert.deepStrictEqual(notes, [...done, "defect", "defect"])
    })
  )

  it.effect("a saga compensates once, last first, when it is cancelled while it sleeps", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("saga", "wait")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.deepStrictEqual(yield* stepsOf(key), undone)
    })
  )

  it.effect("a second cancellation does not disturb the compensation of the first", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("saga", "wait")
      yield* untilNoted(key, "waiting")
      yield* host.cancel(id)
      yield* untilNoted(key, "undo b")
      yield* host.cancel(id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
      assert.deepStrictEqual(yield* stepsOf(key), undone)
    })
  )

  it.effect("a saga compensates nothing when its attempt merely ends in a suspension", () =>
    Effect.gen(function* () {
      const { output, notes } = yield* succeed("saga", "sleep")
      assert.strictEqual(output, "done")
      assert.deepStrictEqual(notes, done)
    })
  )

  it.effect("a saga that loses a race compensates before the race answers", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("sagaLosesRace")
      assert.strictEqual(output, "first")
      assert.strictEqual(yield* times(key, "undo a"), 1)
      assert.deepStrictEqual(yield* recorded(key), undone)
    })
  )
}
