import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { attemptsOfProbe, changesOfHeaders } from "../fixtures/fidelity.ts"
import { freshKey, Host, recorded, start, succeed, times, untilNoted } from "./Host.ts"
import type { It } from "./semantics.ts"

/** What a server does to invocations, which the engine in memory must do as well: a test that it is kinder about proves nothing. */
export const fidelityGuarantees = (it: It): void => {
  it.effect("an invocation that makes no progress is paused after as many attempts as its service allows", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, key } = yield* start("failsAlways")
      yield* host.untilPaused(id)
      assert.strictEqual(yield* times(key, "tried"), attemptsOfProbe)
      yield* host.kill(id)
    })
  )

  it.effect("failed attempts count together whatever progress is made between them, and anew after a suspension", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, key } = yield* start("failsByTurns")
      if (host.suspendsAtOnce) {
        assert.strictEqual((yield* host.attach(id)).body, 21)
        return
      }
      yield* host.untilPaused(id)
      assert.deepStrictEqual([yield* times(key, "first"), yield* times(key, "second")], [7, attemptsOfProbe - 6])
      yield* host.kill(id)
    })
  )

  it.effect("a bounded step's attempts count anew when a sibling is journaled in between", () =>
    Effect.gen(function* () {
      const { key, output } = yield* succeed("boundedBesideOthers")
      assert.include(output, "step bounded failed")
      assert.isAbove(yield* times(key, "bounded"), 3)
    })
  )

  it.effect("a paused invocation keeps its key and its journal, and goes on with both when it is resumed", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, key } = yield* start("failsUntilResumed")
      yield* host.untilPaused(id)
      assert.strictEqual(yield* times(key, "tried"), attemptsOfProbe)
      const next = yield* host.send(key, "add", { by: 1 })
      yield* host.resume(id)
      assert.deepStrictEqual((yield* host.attach(id)).body, attemptsOfProbe + 1)
      yield* host.attach(next)
      const all = yield* recorded(key)
      assert.strictEqual(yield* times(key, "before"), 1)
      assert.isAbove(all.indexOf("add"), all.lastIndexOf("tried"), "the next one waits for the key")
    })
  )

  it.effect("an invocation that an operator pauses does nothing before it is resumed", () =>
    Effect.gen(function* () {
      const host = yield* Host
      if (host.suspendsAtOnce) return
      const { id, key } = yield* start("holdsOn", "alone")
      yield* untilNoted(key, "holding")
      yield* host.pause(id)
      yield* host.untilPaused(id)
      yield* host.resume(id)
      yield* host.until(
        "another attempt",
        Effect.map(times(key, "holding"), (attempts) => attempts === 2)
      )
      assert.strictEqual(yield* times(key, "taken"), 1)
      yield* host.kill(id)
    })
  )

  for (const where of ["alone", "in a callee"] as const)
    it.effect(
      `a killed invocation that waits ${where} ends with 409, undoes nothing and leaves its state and its key`,
      () =>
        Effect.gen(function* () {
          const host = yield* Host
          const { id, key } = yield* start("holdsOn", where)
          yield* untilNoted(where === "alone" ? key : `${key}-callee`, where === "alone" ? "holding" : "asleep")
          yield* host.kill(id)
          const answer = yield* host.attach(id)
          assert.deepStrictEqual([answer.status, answer.body], [409, "killed"])
          yield* host.call(key, "add", { by: 1 })
          if (where !== "alone") yield* host.call(`${key}-callee`, "add", { by: 1 })
          assert.strictEqual(yield* times(key, "given"), 0)
          assert.strictEqual((yield* host.call(key, "stateOfHeld")).body, 1)
        })
    )

  it.effect("a message that is sent with another idempotency key on the next attempt is refused", () =>
    Effect.gen(function* () {
      const host = yield* Host
      const { id, key } = yield* start("changesKey")
      yield* host.untilPaused(id)
      assert.strictEqual(yield* times(key, "after"), 1)
      yield* host.kill(id)
    })
  )

  for (const how of changesOfHeaders)
    for (const [what, handler] of [
      ["message", "changesHeaders"],
      ["call", "callsWithOtherHeaders"]
    ] as const)
      it.effect(`a ${what} whose headers have ${how} on the next attempt is refused`, () =>
        Effect.gen(function* () {
          const host = yield* Host
          const { id, key } = yield* start(handler, how)
          yield* host.untilPaused(id)
          // A call that suspends is compared before the handler goes on.
          const passed = handler === "callsWithOtherHeaders" && host.suspendsAtOnce ? 0 : 1
          assert.strictEqual(yield* times(key, "after"), passed)
          yield* host.kill(id)
        })
      )

  it.effect("a client that asks for a workflow's run with an idempotency key is refused, as its id is one", () =>
    Effect.gen(function* () {
      const { beside } = yield* Host
      const key = yield* freshKey
      const options = { idempotencyKey: "once" }
      const refused = yield* beside.call({ service: "Workflow", key, handler: "run" }, undefined, options)
      assert.strictEqual(refused.status, 400)
      assert.include(refused.body, "cannot use the idempotency key with workflow handlers")
      assert.strictEqual(yield* times(key, "asked"), 0)
      const query = { service: "Workflow", key, handler: "status" } as const
      assert.strictEqual((yield* beside.call(query, undefined, options)).status, 200)
    })
  )

  it.effect("a handler that sends to a workflow's run with an idempotency key starts it once per id all the same", () =>
    Effect.gen(function* () {
      const { beside } = yield* Host
      const id = yield* freshKey
      assert.strictEqual((yield* succeed("startsRunWithKey", id)).output, "true")
      yield* beside.call({ service: "Workflow", key: id, handler: "approve" })
    })
  )

  it.effect("a message may be sent with another delay on the next attempt, which changes nothing", () =>
    Effect.gen(function* () {
      const { key } = yield* succeed("changesDelay")
      assert.isAbove(yield* times(key, "tried"), 1)
      assert.strictEqual(yield* times(key, "after"), 2)
    })
  )
}
