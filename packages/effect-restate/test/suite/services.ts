import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { freshKey, Host, recorded, untilErrorSays } from "./Host.ts"
import type { It } from "./semantics.ts"

export const serviceGuarantees = (it: It): void => {
  it.effect("a service is called without a key, and its steps run once", () =>
    Effect.gen(function* () {
      const { beside } = yield* Host
      const own = yield* freshKey
      const answer = yield* beside.call({ service: "Service", handler: "greets" }, own)
      assert.deepStrictEqual([answer.status, answer.body], [200, `hello ${own}`])
      assert.deepStrictEqual(yield* recorded(own), ["greeted"])
    })
  )

  it.effect("invocations of a service run beside each other", () =>
    Effect.gen(function* () {
      const { attach, beside, resolveAwakeable, until } = yield* Host
      const both = [yield* freshKey, yield* freshKey]
      const ids = yield* Effect.forEach(both, (own) => beside.send({ service: "Service", handler: "meets" }, own))
      const arrived = Effect.map(Effect.forEach(both, recorded), (all) => all.flat())
      yield* until(
        "both have arrived",
        Effect.map(arrived, ({ length }) => length === 2)
      )
      yield* Effect.forEach(yield* arrived, (id) => resolveAwakeable(id, "met"))
      const answers = yield* Effect.forEach(ids, attach)
      assert.deepStrictEqual(
        answers.map(({ body }) => body),
        ["met", "met"]
      )
    })
  )

  it.effect("a service calls an object under a key, and itself without one, with typed failures", () =>
    Effect.gen(function* () {
      const { beside, until } = yield* Host
      const own = yield* freshKey
      const object = yield* beside.call({ service: "Service", handler: "callsObject" }, own)
      assert.deepStrictEqual(object.body, ["2", "Refused"])
      const itself = yield* beside.call({ service: "Service", handler: "callsItself" }, own)
      assert.strictEqual(itself.body, `hello ${own}, Refused`)
      const sent = recorded(`${own}-sent`)
      yield* until(
        "the message has arrived",
        Effect.map(sent, ({ length }) => length === 1)
      )
    })
  )

  it.effect("a handler of a service that asks for key or state fails with an error that names what it lacks", () =>
    Effect.gen(function* () {
      const { beside, kill } = yield* Host
      const own = yield* freshKey
      for (const [handler, what] of [
        ["usesKey", "no key"],
        ["usesState", "no state"]
      ] as const) {
        const id = yield* beside.send({ service: "Service", handler }, own)
        yield* untilErrorSays(undefined, `Service/${handler} belongs to a service, which has ${what}`)
        yield* kill(id)
      }
    })
  )
}
