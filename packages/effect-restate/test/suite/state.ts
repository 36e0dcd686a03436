import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { maxPayloadBytes } from "../../src/contract/Serde.ts"
import { freshKey, Host, recorded, start, succeed, untilErrorSays } from "./Host.ts"
import type { It } from "./semantics.ts"

export const stateGuarantees = (it: It): void => {
  it.effect("state survives from one invocation to the next, and shared handlers read it", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      assert.strictEqual((yield* host.call(key, "peek")).body, null)
      assert.strictEqual((yield* host.call(key, "add", { by: 2 })).body, 2)
      assert.strictEqual((yield* host.call(key, "add", { by: 3 })).body, 5)
      assert.strictEqual((yield* host.call(key, "peek")).body, 5)
      assert.strictEqual((yield* host.call(key, "forget")).status, 200)
      assert.strictEqual((yield* host.call(key, "peek")).body, null)
    })
  )

  it.effect("input that does not fit its schema is refused with 400, no body runs and the key stays usable", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const answer = yield* host.call(key, "add", { by: "two" })
      assert.strictEqual(answer.status, 400)
      assert.include(String(answer.body), "by:")
      assert.deepStrictEqual(yield* recorded(key), [])
      assert.strictEqual((yield* host.call(key, "add", { by: 1 })).body, 1)
    })
  )

  it.effect("input over the size limit is refused with 400 and the largest allowed one passes", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const largest = "x".repeat(maxPayloadBytes - 2)
      assert.strictEqual((yield* succeed("echo", largest)).output, largest)
      const answer = yield* host.call(yield* freshKey, "echo", `${largest}x`)
      assert.strictEqual(answer.status, 400)
      assert.include(String(answer.body), "exceed")
    })
  )

  it.effect("a state value over the size limit is a failure where it is written, and what stood there stays", () =>
    Effect.gen(function* () {
      const tooMuch = "state bulk: 262146 bytes exceed the limit of 262144"
      assert.strictEqual((yield* succeed("storeTooMuch")).output, `${tooMuch}; small`)
    })
  )

  it.effect("null is a value that a state cell can hold", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("choosesNull")).output, ["None", "Some"])
    })
  )

  it.effect("updates of state by fibers that run beside each other follow one another, and none is lost", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("updatesTogether")).output, ["11", "22"])
    })
  )

  it.effect("a handler lists the names of its state, and clears all of it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("clearsAll")).output, ["choice", "total", "None"])
    })
  )

  it.effect("a shared handler that writes state fails with an error that names the fix, and writes nothing", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("writesShared")
      yield* untilErrorSays(key, "shared handler writesShared wrote state total: make it exclusive")
      yield* host.kill(id)
      assert.strictEqual((yield* host.call(key, "peek")).body, null)
    })
  )

  it.effect("an answer over the size limit ends the invocation with 500, and its key stays usable", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const answer = yield* host.call(key, "answerTooMuch")
      assert.strictEqual(answer.status, 500)
      assert.include(String(answer.body), "answerTooMuch: 262146 bytes exceed the limit of 262144")
      assert.strictEqual((yield* host.call(key, "add", { by: 1 })).body, 1)
    })
  )
}
