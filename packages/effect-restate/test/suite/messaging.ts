import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { calleeOf } from "../fixtures/messaging.ts"
import { freshKey, Host, recorded, start, succeed, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

const verdict = { at: "1970-01-01T00:00:00.000Z" }

export const messagingGuarantees = (it: It): void => {
  it.effect("a callee's typed failure reaches its caller as the same class", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("callsRefused")).output, "a 3")
    })
  )

  it.effect("a handler that is private to the ingress can be called by other handlers", () =>
    Effect.map(succeed("callsHidden"), ({ output }) => assert.isUndefined(output))
  )

  it.effect("a delayed send is delivered once, after its sender has ended", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("sends")
      assert.deepStrictEqual(yield* recorded(calleeOf(key)), [])
      assert.strictEqual((yield* host.attach(String(output))).body, 2)
      assert.deepStrictEqual(yield* recorded(calleeOf(key)), ["add"])
    })
  )

  it.effect("a send may be delayed without an end", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("sendsNever")
      assert.deepStrictEqual(yield* recorded(calleeOf(key)), [])
      yield* host.kill(String(output))
    })
  )

  it.effect("two sends with one idempotency key are one invocation", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("sendsTwice")
      assert.strictEqual(output, true)
      yield* untilNoted(calleeOf(key), "add")
      assert.strictEqual(yield* times(calleeOf(key), "add"), 1)
    })
  )

  it.effect(
    "a message that does not fit is a failure where it is written, the same on every attempt, and never sent",
    () =>
      Effect.gen(function* () {
        const { key, output } = yield* succeed("sendsMisfits")
        const told = output as ReadonlyArray<string>
        assert.lengthOf(told, 6)
        assert.match(String(told[0]), /\/echo: 262146 bytes exceed the limit of 262144$/)
        assert.match(String(told[1]), /\/dated: the value does not fit its schema at at$/)
        assert.strictEqual(told[2], "awakeable: the value does not fit its schema at at")
        assert.deepStrictEqual(told.slice(3), told.slice(0, 3))
        assert.deepStrictEqual(yield* recorded(calleeOf(key)), ["add"])
      })
  )

  it.effect("a call that times out cancels its callee", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, output } = yield* succeed("timesOutCall")
      assert.strictEqual(output, "gave up")
      // The callee slept for an hour with its key held: another call gets the key only after it has ended.
      assert.strictEqual((yield* host.call(calleeOf(key), "add", { by: 1 })).status, 200)
      assert.strictEqual(yield* times(calleeOf(key), "after"), 0)
    })
  )

  it.effect("an invocation can cancel another one by its id", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { key, id } = yield* start("nap", 3_600_000)
      yield* untilNoted(key, "before")
      yield* succeed("cancelsOther", id)
      assert.strictEqual((yield* host.attach(id)).status, 409)
    })
  )

  const awaiting = Effect.gen(function* () {
    const host = yield* Host
    const { key, id } = yield* start("waits")
    yield* host.until(
      "the awakeable's id",
      Effect.map(recorded(key), (all) => all.length > 0)
    )
    const [awakeable] = yield* recorded(key)
    return { id, awakeable: String(awakeable) }
  })

  it.effect("an awakeable resolved from outside answers with a value of its schema", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, awakeable } = yield* awaiting
      yield* host.resolveAwakeable(awakeable, verdict)
      assert.strictEqual((yield* host.attach(id)).body, verdict.at)
    })
  )

  it.effect("an awakeable rejected from outside fails with its reason", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, awakeable } = yield* awaiting
      yield* host.rejectAwakeable(awakeable, "no")
      assert.strictEqual((yield* host.attach(id)).body, "rejected: no")
    })
  )

  it.effect("an awakeable can be resolved and rejected by another handler", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* succeed("waitsForOther", "resolve")).output, verdict.at)
      assert.strictEqual((yield* succeed("waitsForOther", "reject")).output, "rejected: no")
    })
  )

  it.effect("an awakeable answers every fiber that awaits it, and again when it is awaited again", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* succeed("waitsTwice")).output, [verdict.at, verdict.at, verdict.at])
    })
  )

  it.effect("one object handles its commands one at a time, in the order they came", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const key = yield* freshKey
      const nap = yield* host.send(key, "nap", 200)
      yield* untilNoted(key, "before")
      yield* host.call(key, "add", { by: 1 })
      assert.deepStrictEqual(yield* recorded(key), ["before", "after", "add"])
      assert.strictEqual((yield* host.attach(nap)).body, "slept")
    })
  )
}
